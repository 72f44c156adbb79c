"""Answers that are written down beforehand: `says("Hi")`, `calls("get_weather", city="Paris")`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self, TypeAlias, cast

from siliconflow_client import ConfigurationError
from siliconflow_simulator._refusals import refusal
from siliconflow_simulator._wire import encode
from siliconflow_simulator.answers.answer import Answer, NewCall
from siliconflow_simulator.faults.orders import checked_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator.answers.call import ChatCall

ChatAnswers: TypeAlias = "Callable[[ChatCall], Sequence[Answer]]"
"""What answers a chat request: one answer, or one for each of the choices."""

_TO_USE: Final = "Use says(…), calls(…), fails(…), an Answer or a text."


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of a script: written down (one for each choice), or made when it is asked for."""

    written: tuple[Answer, ...] = ()
    made: Callable[[ChatCall], Reply] | None = None

    def answers(self, call: ChatCall) -> tuple[Answer, ...]:
        """Return the answers to a request."""
        return self.written if self.made is None else reply_answers(self.made(call))

    @property
    def calls_tools(self) -> bool:
        """Whether it is written down and calls tools."""
        return any(answer.calls for answer in self.written)

    @property
    def only_fails(self) -> bool:
        """Whether nothing of it gets into a conversation."""
        return any(
            answer.error or (answer.fault and not (answer.text or answer.reasoning or answer.calls))
            for answer in self.written
        )


class Script:
    """Answers in the order in which a conversation gets them.

    Its methods write into the answer that is being written and return the script itself;
    `then` begins the next answer:

        calls("get_weather", city="Paris").then.says("Sunny.")
    """

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._open = False

    @property
    def steps(self) -> Sequence[Step]:
        """The answers, in their order."""
        return tuple(self._steps)

    @property
    def then(self) -> Self:
        """Begin the next answer: the one after what was said so far stands in the history."""
        self._open = False
        return self

    def says(self, *pieces: str) -> Self:
        """Let the answer say a text; several pieces are streamed as such."""
        _check_texts(pieces, "says")
        text = "".join(pieces)
        before = self._answer()
        cut = (*before.text_pieces, *pieces) if len(pieces) > 1 or before.text_pieces else ()
        return self._write(replace(before, text=before.text + text, text_pieces=cut))

    def thinks(self, *pieces: str) -> Self:
        """Let the answer begin with reasoning; several pieces are streamed as such."""
        _check_texts(pieces, "thinks")
        before = self._answer()
        several = len(pieces) > 1 or before.reasoning_pieces
        cut = (*before.reasoning_pieces, *pieces) if several else ()
        thought = before.reasoning + "".join(pieces)
        return self._write(replace(before, reasoning=thought, reasoning_pieces=cut))

    def calls(
        self, name: str, arguments: JsonObject | str | None = None, /, **fields: JsonValue
    ) -> Self:
        """Let the answer call a tool; a second time, for a second call in the same answer.

        Args:
            name: The tool's name.
            arguments: All arguments, or their JSON text, which may be broken on purpose.
            **fields: The arguments one by one.
        """
        _check_texts((name,), "calls")
        if isinstance(arguments, str):
            written = arguments
        else:
            written = encode({**(arguments or {}), **fields}).decode()
        before = self._answer()
        return self._write(replace(before, calls=(*before.calls, NewCall(name, written))))

    def ends(self, reason: str) -> Self:
        """Let the answer end with a finish_reason such as "length"."""
        return self._write(replace(self._answer(), finish_reason=reason))

    def uses(self, usage: JsonObject) -> Self:
        """Let the answer say what it cost: the whole usage object, as it is sent."""
        return self._write(replace(self._answer(), usage=usage))

    def fails(self, how: int | str, *, code: int | None = None, message: str | None = None) -> Self:
        """Let the request fail, or the answer break.

        Args:
            how: A status, with the body that the API sends; or an order as in the header
                `x-simulate`, such as "429-retry-after=2" or "cut-stream=2".
            code: The body's code, with a `message`.
            message: The body's message; any status may be given with it.

        Raises:
            ConfigurationError: No such order, or a code without a message.
        """
        if message is not None and isinstance(how, int):
            payload = refusal(how, code or 0, message).payload
            if isinstance(payload, dict) and code is None:
                del payload["code"]
            return self._write(replace(self._answer(), error=(how, payload)))
        if message is not None or code is not None:
            raise ConfigurationError(
                "fails() takes a code together with a status and a message.", argument="fails"
            )
        checked_faults(how, "fails")
        before = self._answer()
        fault = ",".join(filter(None, (before.fault, str(how))))
        return self._write(replace(before, fault=fault))

    def answers(self, *replies: Reply) -> Self:
        """Take the whole answer from elsewhere.

        Args:
            *replies: An answer, or one for each choice; or a callable that is given the call,
                such as `from_text`, the engine that answers when nothing is scripted.
        """
        first = replies[0] if replies else None
        if callable(first) and len(replies) == 1:
            self._steps.append(Step(made=first))
        else:
            self._steps.append(Step(reply_answers(replies)))
        self._open = False
        return self

    def _answer(self) -> Answer:
        return self._steps[-1].written[0] if self._open else Answer()

    def _write(self, answer: Answer) -> Self:
        if self._open:
            self._steps.pop()
        self._steps.append(Step((answer,)))
        self._open = True
        return self


def _check_texts(pieces: tuple[object, ...], argument: str) -> None:
    for piece in pieces:
        if not isinstance(piece, str):
            kind = type(piece).__name__
            raise ConfigurationError(f"{argument}() takes text, not {kind}.", argument=argument)


Reply: TypeAlias = (
    "str | Answer | Script | Sequence[str | Answer | Script] | Callable[[ChatCall], Reply]"
)
"""What may be given for an answer; a sequence has one for each choice."""


def says(*pieces: str) -> Script:
    """Write an answer that says a text; several pieces are streamed as such."""
    return Script().says(*pieces)


def calls(name: str, arguments: JsonObject | str | None = None, /, **fields: JsonValue) -> Script:
    """Write an answer that calls a tool, as `Script.calls` does."""
    return Script().calls(name, arguments, **fields)


def fails(how: int | str, *, code: int | None = None, message: str | None = None) -> Script:
    """Write an answer that fails, as `Script.fails` does."""
    return Script().fails(how, code=code, message=message)


def reply_answers(reply: object) -> tuple[Answer, ...]:
    """Return the answers that a reply stands for: one, or one for each choice.

    Raises:
        ConfigurationError: It is no reply, or a script of several answers in turn.
    """
    kind = type(reply).__name__
    if isinstance(reply, str):
        return (Answer(text=reply),)
    if isinstance(reply, Answer):
        return (reply,)
    if isinstance(reply, Script) and len(reply.steps) == 1 and reply.steps[0].written:
        return reply.steps[0].written
    if isinstance(reply, list | tuple) and reply:
        several = cast("Sequence[object]", reply)
        return tuple(answer for item in several for answer in reply_answers(item))
    message = f"answers: a {kind} is not one answer."
    raise ConfigurationError(message, argument="answers", hint=_TO_USE)
