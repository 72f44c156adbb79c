"""Send answers, or fail as a script says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siliconflow_simulator._refusals import Refusal
from siliconflow_simulator.faults.effects import apply_faults, early_response
from siliconflow_simulator.faults.orders import parse_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.answers.answer import Answer
    from siliconflow_simulator.answers.call import ChatCall
    from siliconflow_simulator.answers.script import ChatAnswers


def choices_of(answers: ChatAnswers, call: ChatCall) -> list[Answer]:
    """Return an answer for each of the `n` choices; a single one stands for all of them."""
    given = answers(call)
    return list(given[: call.n]) if len(given) > 1 else [given[0]] * call.n


def deliver(answers: Sequence[Answer], response: Callable[[], SimResponse]) -> SimResponse:
    """Return the response, spoilt where one of its answers says so."""
    for answer in answers:
        if answer.error is not None:
            raise Refusal(*answer.error)
    faults = [fault for answer in answers[:1] for fault in parse_faults(answer.fault)]
    return early_response(faults) or apply_faults(response(), faults)
