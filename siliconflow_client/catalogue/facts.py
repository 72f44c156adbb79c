"""Facts about models: what each can do, and how much fits in.

The facts come from `models.json`, a dated file that holds only what differs from the defaults
of `ModelFacts`. They are hints, not an allow-list: an id that is not in the file works too, with
defaults that refuse nothing, and every fact can be overridden where it is used.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypedDict, cast

ModelKind: TypeAlias = Literal[
    "chat", "embedding", "reranker", "image", "speech", "transcription", "video"
]
InputKind: TypeAlias = Literal["text", "image", "video", "audio", "pdf"]
JsonMode: TypeAlias = Literal["json_object", "json_schema"]
Thinking: TypeAlias = Literal["switch", "always", "never", "unknown"]

DEFAULT_CONTEXT_WINDOW: Final = 32768

_TEXT: Final[frozenset[InputKind]] = frozenset({"text"})
_JSON_OBJECT: Final[frozenset[JsonMode]] = frozenset({"json_object"})
_NO_JSON: Final[frozenset[JsonMode]] = frozenset()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known about one model.

    Attributes:
        id: The id that was asked for.
        known: Whether `models.json` (or the model's twin or base model in it) told the facts.
        kind: What the model is for.
        context_window: Prompt and answer together, in tokens; 32768 when unknown.
        max_output_tokens: Longest answer, in tokens; `None` when unknown.
        inputs: Kinds of content that a message (or text to embed) may hold.
        tools: Whether the model takes `tools`; others answer 400 with code 20037.
        streaming_tools: Whether tool calls also arrive intact in a stream.
        thinking: "switch" takes `enable_thinking`; "always" thinks whatever is asked; "never"
            answers 400 with code 20015 when `enable_thinking` is sent, even as `False`.
        thinking_by_default: Whether the model thinks when `enable_thinking` is left out. Measured
            on Qwen/Qwen3.5-4B; elsewhere what the model's makers say.
        thinking_budget: Whether `thinking_budget` is documented or used for the model.
        reasoning_efforts: Words that `reasoning_effort` takes; empty where it has no effect.
        replays_reasoning: Whether `reasoning_content` must go back on turns with tool calls.
        json_modes: Types of `response_format` besides "text".
        fim: Whether `prefix` and `suffix` (fill in the middle) are documented.
        max_input_tokens: Longest text to embed or rank, in tokens; `None` when unknown.
        dimensions: Sizes that an embedding model's vectors come in; empty when unknown.
        default_dimensions: Size when none is asked for; `None` when unknown.
        accepts_dimensions: Whether the `dimensions` parameter is accepted.
        instruction: Whether a reranker takes `instruction`.
        chunk_parameters: Whether a reranker takes `max_chunks_per_doc` and `overlap_tokens`.
        retired: The day from which the vendor's announcements switch the model off, or send its
            calls to another; `None` while nothing is announced.
        successor: The model that the vendor names in place of one that is retired.
    """

    id: str
    known: bool = True
    kind: ModelKind = "chat"
    context_window: int = DEFAULT_CONTEXT_WINDOW
    max_output_tokens: int | None = None
    inputs: frozenset[InputKind] = _TEXT
    tools: bool = True
    streaming_tools: bool = True
    thinking: Thinking = "unknown"
    thinking_by_default: bool = False
    thinking_budget: bool = False
    reasoning_efforts: tuple[str, ...] = ()
    replays_reasoning: bool = False
    json_modes: frozenset[JsonMode] = _JSON_OBJECT
    fim: bool = False
    max_input_tokens: int | None = None
    dimensions: tuple[int, ...] = ()
    default_dimensions: int | None = None
    accepts_dimensions: bool = False
    instruction: bool = False
    chunk_parameters: bool = False
    retired: date | None = None
    successor: str | None = None


class _Entry(TypedDict, total=False):
    """One model in `models.json`; the keys are `ModelFacts`' names."""

    kind: ModelKind
    context_window: int
    max_output_tokens: int
    inputs: list[InputKind]
    tools: bool
    streaming_tools: bool
    thinking: Thinking
    thinking_by_default: bool
    thinking_budget: bool
    reasoning_efforts: list[str]
    replays_reasoning: bool
    json_modes: list[JsonMode]
    fim: bool
    max_input_tokens: int
    dimensions: list[int]
    default_dimensions: int
    accepts_dimensions: bool
    instruction: bool
    chunk_parameters: bool
    retired: str
    successor: str


class _File(TypedDict):
    made: str
    source: str
    reading: str
    models: dict[str, _Entry]


@functools.cache
def _entries() -> dict[str, _Entry]:
    # Imported here: a program that never asks for facts need not load pydantic for them.
    from pydantic_core import from_json

    text = Path(__file__).with_name("models.json").read_bytes()
    return cast("_File", from_json(text))["models"]


def _facts(model: str, entry: _Entry) -> ModelFacts:
    kind = entry.get("kind", "chat")
    chat = kind == "chat"
    return ModelFacts(
        id=model,
        kind=kind,
        context_window=entry.get("context_window", DEFAULT_CONTEXT_WINDOW),
        max_output_tokens=entry.get("max_output_tokens"),
        inputs=frozenset(entry.get("inputs", _TEXT)),
        tools=entry.get("tools", chat),
        streaming_tools=entry.get("streaming_tools", chat),
        thinking=entry.get("thinking", "unknown"),
        thinking_by_default=entry.get("thinking_by_default", False),
        thinking_budget=entry.get("thinking_budget", False),
        reasoning_efforts=tuple(entry.get("reasoning_efforts", ())),
        replays_reasoning=entry.get("replays_reasoning", False),
        json_modes=frozenset(entry.get("json_modes", _JSON_OBJECT if chat else _NO_JSON)),
        fim=entry.get("fim", False),
        max_input_tokens=entry.get("max_input_tokens"),
        dimensions=tuple(entry.get("dimensions", ())),
        default_dimensions=entry.get("default_dimensions"),
        accepts_dimensions=entry.get("accepts_dimensions", False),
        instruction=entry.get("instruction", False),
        chunk_parameters=entry.get("chunk_parameters", False),
        retired=date.fromisoformat(entry["retired"]) if "retired" in entry else None,
        successor=entry.get("successor"),
    )


_UNKNOWN: Final = ModelFacts(
    id="",
    known=False,
    thinking_budget=True,
    fim=True,
    accepts_dimensions=True,
    instruction=True,
    chunk_parameters=True,
)


def _twin(model: str) -> str:
    return model.removeprefix("Pro/") if model.startswith("Pro/") else f"Pro/{model}"


@functools.lru_cache(maxsize=1024)
def lookup_model(model: str) -> ModelFacts:
    """Tell what is known about a model.

    The exact id is looked up first, then its twin with or without `Pro/` (the paid twin runs the
    same weights), then, for `LoRA/…` and `ft:LoRA/…:…` ids, the base model; a LoRA takes no tools
    (measured on LoRA/Qwen/Qwen2.5-7B-Instruct: 400, code 20037).

    Args:
        model: Any model id, listed or not.

    Returns:
        The facts. For an id that is nowhere listed, `known` is `False` and nothing is refused.
    """
    entries = _entries()
    for listed in (model, _twin(model)):
        entry = entries.get(listed)
        if entry is not None:
            return _facts(model, entry)
    # ft:LoRA/Qwen/Qwen2.5-7B-Instruct:name:run:checkpoint is the form of a fine-tuned model's id.
    base = model.removeprefix("ft:")
    if base.startswith("LoRA/"):
        facts = lookup_model(base.removeprefix("LoRA/").partition(":")[0])
        return replace(facts, id=model, tools=False, streaming_tools=False)
    return replace(_UNKNOWN, id=model)


def known_models(kind: str | None = None) -> tuple[ModelFacts, ...]:
    """List the models of the catalogue, in the order of their ids.

    Args:
        kind: Only models of this kind, such as "chat" or "embedding".
    """
    every = (_facts(model, entry) for model, entry in _entries().items())
    return tuple(facts for facts in every if kind is None or facts.kind == kind)


def nearest_models(model: str) -> tuple[str, ...]:
    """List up to two ids that are spelt almost like `model`; its first part may be missing."""
    from difflib import get_close_matches

    ids: dict[str, str] = {}
    for listed, entry in _entries().items():
        if not entry.get("retired"):
            ids[listed.lower()] = listed
            ids.setdefault(listed.rpartition("/")[2].lower(), listed)
    close = get_close_matches(model.lower(), ids, n=4, cutoff=0.85)
    return tuple(dict.fromkeys(ids[name] for name in close))[:2]


_WARNED: set[str] = set()


class ModelRetiredWarning(UserWarning):
    """A model was asked that is retired; the text says since when, and what to use instead."""


def warn_if_retired(model: str) -> None:
    """Warn once in a process of a model that the catalogue calls retired.

    The request is sent all the same: the other site may have the model still.
    """
    facts = lookup_model(model)
    if facts.retired is None or model in _WARNED:
        return
    _WARNED.add(model)
    instead = (
        f"the vendor names {facts.successor} in its place"
        if facts.successor
        else "the vendor names no successor"
    )
    warnings.warn(
        f"{model} is retired since {facts.retired.isoformat()}, by the announcements of "
        f"siliconflow.cn; {instead}.",
        ModelRetiredWarning,
        stacklevel=3,
    )
