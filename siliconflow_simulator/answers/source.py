"""What `Simulator(answers=…)` takes, as one kind of thing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeAlias, cast

from siliconflow_client import ConfigurationError
from siliconflow_simulator.answers.from_text.chat import from_text
from siliconflow_simulator.answers.rules import Rule, Rules, Unanswered
from siliconflow_simulator.answers.script import Script, Step, reply_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siliconflow_simulator.answers.answer import Answer
    from siliconflow_simulator.answers.call import ChatCall
    from siliconflow_simulator.answers.script import ChatAnswers, Reply

AnswerSource: TypeAlias = "Callable[[ChatCall], Reply] | Sequence[Reply] | Sequence[Rule] | None"

_TAKES = (
    "`answers` takes a callable, a list of answers that are given in turn, or a list of rules "
    "(when(…).says(…))."
)


class InTurn:
    """Answers one request after the other, each answer once."""

    def __init__(self, replies: Sequence[object]) -> None:
        self._steps: list[Step] = []
        for reply in replies:
            # Checked at once, so that a mistake fails where it was written.
            if isinstance(reply, Script):
                self._steps += reply.steps
            else:
                self._steps.append(Step(reply_answers(reply)))
        self._given = 0
        self._lock = threading.Lock()

    def __call__(self, call: ChatCall) -> Sequence[Answer]:
        """Answer a request.

        Raises:
            Unanswered: All answers have been given.
        """
        with self._lock:
            if self._given == len(self._steps):
                raise Unanswered(f"All {len(self._steps)} answers of the list have been given.")
            step = self._steps[self._given]
            self._given += 1
        return step.answers(call)


def chat_answers(source: AnswerSource) -> ChatAnswers:
    """Return what answers chat requests.

    Args:
        source: A callable, answers in turn, or rules; `None` for the engine that answers from
            the text.

    Raises:
        ConfigurationError: It is none of these.
    """
    if source is None:
        return lambda call: (from_text(call),)
    if isinstance(source, list | tuple):
        items = cast("Sequence[object]", source)
        rules = [item for item in items if isinstance(item, Rule)]
        if len(rules) == len(items):
            return Rules(rules)
        if rules:
            raise ConfigurationError(f"{_TAKES} A list of both has no order.", argument="answers")
        return InTurn(items)
    if not callable(source):
        raise ConfigurationError(f"{_TAKES} Not a {type(source).__name__}.", argument="answers")
    answer = source
    return lambda call: reply_answers(answer(call))
