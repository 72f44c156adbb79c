"""How the API behaves; what cannot be meant is named where it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from siliconflow_simulator.api._chat_stream import FollowUp

StreamStyle: TypeAlias = Literal["auto", "inhouse", "vllm", "mixed", "vllm-native"]
BatchOutput: TypeAlias = Literal["id", "url"]
MessagesEnd: TypeAlias = Literal["message_stop", "done"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the API behaves; `Simulator` explains each.

    Raises:
        ConfigurationError: A word that is none of the choices, or a number out of range: either
            would be passed over in silence.
    """

    api_keys: frozenset[str] | None = None
    stream_style: StreamStyle = "auto"
    text_before_tools: bool = False
    follow_up: FollowUp = "null"
    max_embedding_inputs: int = 64
    cached_share: float = 0.0
    batch_output: BatchOutput = "id"
    messages_end: MessagesEnd = "message_stop"
    any_model: bool = False

    def __post_init__(self) -> None:
        """Check them before the first request."""
        _check_word("stream_style", self.stream_style, get_args(StreamStyle))
        _check_word("batch_output", self.batch_output, get_args(BatchOutput))
        _check_word("messages_end", self.messages_end, get_args(MessagesEnd))
        check_count("max_embedding_inputs", self.max_embedding_inputs, 1)
        share = cast("object", self.cached_share)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ConfigurationError("cached_share must be 0 to 1.", argument="cached_share")


def checked_keys(api_keys: Collection[str] | None) -> frozenset[str] | None:
    """Refuse one key in the place of several: its letters are none."""
    if api_keys is None:
        return None
    given = cast("object", api_keys)
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise ConfigurationError(
            f"api_keys must be a collection of keys, not {type(given).__name__}.",
            argument="api_keys",
        )
    return frozenset(api_keys)


def check_count(name: str, value: object, least: int) -> None:
    """Refuse what is no whole number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigurationError(f"{name} must be a whole number, {least} or more.", argument=name)


def _check_word(name: str, value: object, words: tuple[str, ...]) -> None:
    if value not in words:
        raise ConfigurationError(
            f"{name} must be one of {', '.join(words)}, not {value!r:.40}.", argument=name
        )
