"""How the bytes of a streamed answer become items: one decoder for each kind of stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Partial:
    """What had come of an answer when it broke off: texts, "" where there is none."""

    text: str = ""
    reasoning: str = ""


class StreamDecoder(Protocol[D]):
    """Reads one streamed answer; a call brings a new one for every attempt.

    Items are appended to a list, so that those which came before an error are handed out too.
    """

    @property
    def is_complete(self) -> bool:
        """Whether the stream has said that it is at its end (`[DONE]`, `message_stop`)."""
        ...

    @property
    def partial(self) -> Partial:
        """What has come so far, for the error of a stream that breaks off."""
        ...

    def feed(self, piece: bytes, out: list[D]) -> None:
        """Take the next bytes; append the items that they complete.

        Raises:
            SiliconFlowError: An error object, or something that is no such stream.
        """
        ...

    def finish(self, out: list[D]) -> None:
        """Append the last items; called once, after the end.

        Raises:
            StreamInterruptedError: The bytes ended before the stream did.
            SiliconFlowError: As `feed`.
        """
        ...
