"""How the bytes of a streamed answer become items: one decoder for each kind of stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from siliconflow_client.errors.mapping import unexpected_answer
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.errors.tree import SiliconFlowError, StreamInterruptedError

D = TypeVar("D")

PARTIAL_HINT: Final = "what came is in .partial; ask again, or ask the model to go on from there."
_BODY_STARTS: Final = (b"{", b"[", b'"', b"<")


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


def ended_early(
    what: str, head: Head, target: Target, *, partial: Partial, stray: bytes, is_first: bool
) -> SiliconFlowError:
    """The error of a stream of events that ended before it said so.

    Args:
        what: What should have come.
        head: Of the answer.
        target: What was asked.
        partial: What had come.
        stray: Bytes that are no event.
        is_first: Whether nothing else had come, so that they may be a body of its own, and not
            the first bytes of an event that was cut off.
    """
    if is_first and stray.lstrip().startswith(_BODY_STARTS):
        return unexpected_answer(stray, head, target, "not a stream of events")
    return StreamInterruptedError(
        f"The stream ended before {what}.",
        host=target.host,
        model=target.model,
        partial=partial.text,
        partial_reasoning=partial.reasoning,
        trace_id=head.trace_id,
        hint=PARTIAL_HINT,
    )
