"""Keywords of a constructor: other packages' names for ours, and names that mean nothing here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llama_index.core.schema import BaseComponent

T = TypeVar("T")

# Settings of OpenAILike and of the older packages that mean nothing here.
_ADVICE: Final = {
    "reuse_client": "leave it out: connections are always reused",
    "api_version": "leave it out: the API has no versions but the one in base_url",
    "tokenizer": "leave it out: the server counts tokens, see additional_kwargs of a response",
    "modalities": "leave it out: answers are text",
    "audio_config": "leave it out: answers are text",
    "extra_body": "use additional_kwargs",
    "extra_headers": "use default_headers",
    "apikey": "use api_key",
    "token": "use api_key",
}


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
    if owner.model_config.get("extra") == "forbid":
        for name in settings:
            if name not in owner.model_fields:
                raise _unknown(name, owner)
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


def _unknown(name: str, owner: type[BaseComponent]) -> ConfigurationError:
    """Name a setting that does not exist; pydantic would print its value, maybe a key."""
    from difflib import get_close_matches

    advice = _ADVICE.get(name, "parameters of the API go into additional_kwargs")
    near = get_close_matches(name, owner.model_fields, n=1)
    if near and name not in _ADVICE:
        advice = f"did you mean {near[0]!r}?"
    return ConfigurationError(f"{owner.__name__} has no setting {name!r}: {advice}", argument=name)
