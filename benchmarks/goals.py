"""The goals: what each is, how it is computed from the figures, and whether it is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Found = Mapping[str, Any]
"""Table, contender, size, metric."""


_MISSING = "not measured"


class NotMeasuredError(Exception):
    """A figure that a goal needs is missing."""


def at(found: Found, table: str, contender: str, size: int = 0, metric: str = "cpu") -> float:
    try:
        return float(found[table][contender][str(size)][metric])
    except KeyError as error:
        raise NotMeasuredError(table) from error


def grows(table: str, contender: str, size: int, base: int, metric: str = "cpu"):
    """How often the figure at one size is that at another."""
    return lambda found: (
        at(found, table, contender, size, metric) / at(found, table, contender, base, metric)
    )


def over(table: str, contender: str, floor: str, size: int = 0):
    """How often a contender's figure is another's."""
    return lambda found: at(found, table, contender, size) / at(found, table, floor, size)


def plain(table: str, contender: str, size: int, metric: str):
    return lambda found: at(found, table, contender, size, metric)


def _with_tools(name: str) -> Callable[[Found], float]:
    return lambda found: at(found, "tools", name, 20) / at(found, "tools", name, 20, "plain")


def _langchain_over_its_floor(name: str) -> Callable[[Found], float]:
    return lambda found: (
        at(found, "flights", name, 256)
        / (
            at(found, "flights", "LangChain alone, no wire", 256)
            + at(found, "flights", "aiohttp alone", 256)
        )
    )


@dataclass(frozen=True)
class Goal:
    """A row of the table of goals.

    Attributes:
        what: What is compared.
        value: Computes it.
        most: The goal; `None` where there is none to reach.
        peers: The same for others.
        digits: Shown after the point.
        unit: Shown behind it.
    """

    what: str
    value: Callable[[Found], float]
    most: float | None
    peers: tuple[tuple[str, Callable[[Found], float]], ...] = ()
    digits: int = 2
    unit: str = ""

    def of(self, found: Found) -> str:
        """The value as it is shown."""
        return self._shown(self.value, found)

    def peers_of(self, found: Found) -> str:
        """The same for others."""
        shown = ((name, self._shown(value, found)) for name, value in self.peers)
        return ", ".join(f"{name} {said}" for name, said in shown if said != _MISSING) or "–"

    def verdict(self, found: Found) -> str:
        """Met or missed."""
        try:
            value = self.value(found)
        except NotMeasuredError:
            return _MISSING
        if self.most is None:
            return "–"
        return "met" if round(value, self.digits) <= self.most else "**missed**"

    @property
    def limit(self) -> str:
        """The goal as it is shown."""
        return "–" if self.most is None else f"≤ {self.most:g}{self.unit}"

    def _shown(self, value: Callable[[Found], float], found: Found) -> str:
        try:
            return f"{value(found):.{self.digits}f}{self.unit}"
        except NotMeasuredError:
            return _MISSING


def _lists(ours: str, size: int, most: float, *peers: str) -> Goal:
    return Goal(
        f"512 texts at {size} ms a request ÷ ideal with 8 in flight: {ours.removesuffix(', ours')}",
        plain("lists", ours, size, "ideal"),
        most,
        tuple((peer, plain("lists", peer, size, "ideal")) for peer in peers),
    )


GOALS = (
    Goal(
        "CPU of a call, 64 in flight ÷ 1, on httpx",
        grows("flights", "ours, httpx", 64, 1),
        1.0,
        (
            ("httpx alone", grows("flights", "httpx alone", 64, 1)),
            ("AsyncOpenAI", grows("flights", "AsyncOpenAI", 64, 1)),
        ),
    ),
    Goal(
        "time of 256 in flight ÷ ideal, on httpx",
        plain("flights", "ours, httpx", 256, "ideal"),
        1.5,
        (
            ("httpx alone", plain("flights", "httpx alone", 256, "ideal")),
            ("AsyncOpenAI", plain("flights", "AsyncOpenAI", 256, "ideal")),
        ),
    ),
    Goal(
        "time of 256 in flight ÷ ideal, on aiohttp",
        plain("flights", "ours, aiohttp", 256, "ideal"),
        1.5,
        (("aiohttp alone", plain("flights", "aiohttp alone", 256, "ideal")),),
    ),
    Goal(
        "CPU of a call, 64 threads ÷ 1",
        grows("threads", "ours", 64, 1),
        1.0,
        (
            ("httpx alone", grows("threads", "httpx alone", 64, 1)),
            ("OpenAI", grows("threads", "OpenAI", 64, 1)),
        ),
    ),
    Goal(
        "CPU of a call, 128 threads ÷ 1",
        grows("threads", "ours", 128, 1),
        1.2,
        (
            ("httpx alone", grows("threads", "httpx alone", 128, 1)),
            ("OpenAI", grows("threads", "OpenAI", 128, 1)),
        ),
    ),
    Goal(
        "CPU of a call, 64 in flight ÷ 1, on aiohttp",
        grows("flights", "ours, aiohttp", 64, 1),
        1.1,
        (("aiohttp alone", grows("flights", "aiohttp alone", 64, 1)),),
    ),
    Goal(
        "CPU of a call, 1,024 in flight ÷ 1, on aiohttp",
        grows("flights", "ours, aiohttp", 1024, 1),
        1.1,
        (("aiohttp alone", grows("flights", "aiohttp alone", 1024, 1)),),
    ),
    _lists("LangChain, ours", 150, 1.35, "OpenAIEmbeddings"),
    _lists("LlamaIndex, ours", 150, 1.35, "openai-like", "embeddings-siliconflow"),
    _lists("LangChain rerank, ours", 150, 1.35),
    _lists("LlamaIndex rerank, ours", 150, 1.35),
    _lists("LangChain, ours", 500, 1.15, "OpenAIEmbeddings"),
    _lists("LlamaIndex, ours", 500, 1.15, "openai-like", "embeddings-siliconflow"),
    _lists("LangChain rerank, ours", 500, 1.15),
    _lists("LlamaIndex rerank, ours", 500, 1.15),
    _lists("LangChain async, ours", 150, 1.2, "OpenAIEmbeddings async"),
    _lists("LlamaIndex async, ours", 150, 1.2, "openai-like async"),
    Goal(
        "a document of 1024 floats ÷ httpx + json: LangChain",
        over("vectors", "LangChain, ours", "httpx + json, no package"),
        0.27,
        (
            (
                "OpenAIEmbeddings (base64)",
                over("vectors", "OpenAIEmbeddings (base64)", "httpx + json, no package"),
            ),
        ),
    ),
    Goal(
        "a document of 1024 floats ÷ httpx + json: LlamaIndex",
        over("vectors", "LlamaIndex, ours", "httpx + json, no package"),
        0.27,
        tuple(
            (name, over("vectors", name, "httpx + json, no package"))
            for name in ("embeddings-siliconflow", "embeddings-openai-like")
        ),
    ),
    Goal(
        "a document of 1024 floats ÷ httpx + json: base64",
        over("vectors", "LangChain, ours, base64", "httpx + json, no package"),
        0.20,
    ),
    Goal(
        "a stream of one chunk ÷ a plain call: client",
        lambda found: (
            at(found, "client_chat", "ours", metric="stream") / at(found, "client_chat", "ours")
        ),
        1.2,
    ),
    Goal(
        "a call with 20 tools ÷ without: LlamaIndex",
        _with_tools("LlamaIndex, ours"),
        1.5,
        (("llms-openai-like", _with_tools("llms-openai-like")),),
    ),
    Goal(
        "4,000 neighbouring user messages ÷ 500, each: LangChain",
        grows("neighbours", "LangChain, ours", 4000, 500, "message"),
        1.2,
    ),
    Goal(
        "4,000 neighbouring user messages ÷ 500, each: LlamaIndex",
        grows("neighbours", "LlamaIndex, ours", 4000, 500, "message"),
        1.2,
    ),
    Goal(
        "memory of 20,000 documents, LangChain's list",
        plain("corpus", "LangChain, ours", 20_000, "megabytes"),
        None,
        (("OpenAIEmbeddings", plain("corpus", "OpenAIEmbeddings", 20_000, "megabytes")),),
        0,
        " MB",
    ),
    Goal(
        "memory of 20,000 documents, `embed_many`",
        plain("corpus", "embed_many", 20_000, "megabytes"),
        40,
        (),
        0,
        " MB",
    ),
    Goal(
        "256 in flight in LangChain ÷ (LangChain alone + aiohttp alone)",
        _langchain_over_its_floor("ours, LangChain"),
        1.3,
        (("ChatOpenAI", _langchain_over_its_floor("ChatOpenAI")),),
    ),
)
