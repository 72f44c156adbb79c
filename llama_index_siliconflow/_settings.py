"""Keywords of a constructor: other packages' names for ours, and names that mean nothing here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from llama_index.core.schema import BaseComponent

T = TypeVar("T")

# Settings of OpenAILike and of the older packages that mean nothing here: what to do instead.
_ADVICE: Final = {
    "reuse_client": "leave it out: connections are always reused",
    "api_version": "leave it out: the API has no versions but the one in base_url",
    "tokenizer": "leave it out: the server counts tokens, see additional_kwargs of a response",
    "modalities": "leave it out: answers are text",
    "audio_config": "leave it out: answers are text",
    "apikey": "use api_key",
    "openai_api_base": "use base_url",
    "engine": "use model",
    "stream": "call stream_chat or stream_complete",
    "streaming": "call stream_chat or stream_complete",
    "repetition_penalty": "use frequency_penalty, or extra_body where the server takes it",
    "token": "use api_key",
}
# Values of theirs that ask for nothing, as their defaults and stored forms hold them.
_HARMLESS: Final[Mapping[str, tuple[object, ...]]] = {
    "reuse_client": (True, False, None),
    "api_version": ("", None),
    "tokenizer": (None,),
    "modalities": (None, ["text"]),
    "audio_config": (None,),
}
_SAME: Final = {"extra_body": "additional_kwargs", "extra_headers": "default_headers"}
"""Names of calls' keywords, and the field that says the same for all calls."""


def translated(fields: Mapping[str, object], owner: type[BaseComponent]) -> dict[str, object]:
    """Bring the keywords of a constructor under the names of its fields.

    Args:
        fields: The keywords.
        owner: The component that is made.

    Raises:
        ConfigurationError: A setting that does not exist, or two names with different values.
    """
    settings = dict(fields)
    if (api_base := settings.pop("api_base", None)) is not None:
        settings["base_url"] = one_of("base_url", settings.get("base_url"), "api_base", api_base)
    for name, field in _SAME.items():
        if name not in owner.model_fields and (value := settings.pop(name, None)) is not None:
            settings[field] = {
                **mapping(name, value),
                **mapping(field, settings.get(field)),
            }
    if owner.model_config.get("extra") == "forbid":
        for name in list(settings):
            if name in owner.model_fields:
                continue
            if settings[name] not in _HARMLESS.get(name, ()):
                raise _unknown(name, owner)
            del settings[name]
    return settings


def one_of(name: str, value: T | None, other_name: str, other: T | None) -> T | None:
    """Take the one of two names for a setting that was given.

    Raises:
        ConfigurationError: Both were, and differ.
    """
    if value is None or other is None or value == other:
        return other if value is None else value
    raise ConfigurationError(
        f"{name} and {other_name} mean the same, but their values differ.",
        argument=other_name,
    )


def check_each(name: str, values: Sequence[object], kind: type, called: str, hint: str) -> None:
    """Refuse a list in which something is of another kind.

    Raises:
        ConfigurationError: It says which.
    """
    for position, value in enumerate(values):
        if not isinstance(value, kind):
            raise ConfigurationError(
                f"{name}[{position}] must be {called}, not {type(value).__name__}",
                argument=name,
                hint=hint,
            )


def mapping(name: str, value: object) -> Mapping[str, Any]:
    """Check that a value is a mapping, or `None`, which is an empty one.

    Raises:
        ConfigurationError: It is something else.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value)
    raise ConfigurationError(f"{name} must be a mapping, not {type(value).__name__}", argument=name)


def _unknown(name: str, owner: type[BaseComponent]) -> ConfigurationError:
    """Name a setting that does not exist; pydantic would print its value, maybe a key."""
    from difflib import get_close_matches

    advice = _ADVICE.get(name, "parameters of the API go into additional_kwargs")
    near = get_close_matches(name, owner.model_fields, n=1)
    if near and name not in _ADVICE:
        advice = f"did you mean {near[0]!r}?"
    return ConfigurationError(f"{owner.__name__} has no setting {name!r}: {advice}", argument=name)
