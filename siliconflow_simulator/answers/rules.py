"""Rules: which script answers which request, and why none does."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from siliconflow_simulator._refusals import Refusal
from siliconflow_simulator.answers.script import Script
from siliconflow_simulator.answers.words import content_stems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from siliconflow_simulator.answers.answer import Answer
    from siliconflow_simulator.answers.call import ChatCall, Turn
    from siliconflow_simulator.answers.script import Step

Pattern: TypeAlias = "str | re.Pattern[str]"


class Unanswered(Refusal):
    """A request that no script answers: an ordinary error to the client, with the reason."""

    def __init__(self, message: str) -> None:
        super().__init__(400, {"code": 20015, "message": message, "data": None})
        self.message = message


class Rule(Script):
    """A script, and the requests that it answers; `when` makes it.

    Which of its answers comes next is read from the request: those that stand in the history
    since the user's last message have been given. So many conversations may go on at once, with
    turns of other agents in between. The last answer is given again unless it calls tools; a
    failure that another answer follows is given once.
    """

    def __init__(
        self,
        message: Pattern | Callable[[ChatCall], bool] | None,
        *,
        system: Pattern | None,
        model: str | None,
        tool: str | None,
        result: Pattern | None,
    ) -> None:
        super().__init__()
        self.message = message
        self._wanted: dict[str, Pattern | None] = {
            "system": system,
            "model": model,
            "tool": tool,
            "result": result,
        }
        self._failed: set[int] = set()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        first = [] if self.message is None else [_shown(self.message)]
        others = [f"{k}={_shown(v)}" for k, v in self._wanted.items() if v is not None]
        return f"when({', '.join([*first, *others])})"

    def mismatches(self, call: ChatCall) -> list[str]:
        """Return why the rule does not fit a request, without its text; empty when it fits."""
        found: list[str] = []
        asked = call.question
        match self.message:
            case None:
                pass
            case str() | re.Pattern():
                if not _holds(asked, self.message):
                    found.append(
                        f"the user's last message ({len(asked)} characters) does not hold "
                        f"{_shown(self.message)}"
                    )
            case _:
                if not self.message(call):
                    found.append(f"{_shown(self.message)} says no")
        wanted = self._wanted
        if (system := wanted["system"]) is not None and not _holds(call.system, system):
            found.append(f"the system text does not hold {_shown(system)}")
        if (model := wanted["model"]) is not None and call.model != model:
            found.append(f"the model is {call.model!r}")
        offered = [tool.name for tool in call.tools]
        if (tool := wanted["tool"]) is not None and tool not in offered:
            found.append(f"the tool {tool!r} is not offered")
        if (result := wanted["result"]) is not None:
            last = call.turns[-1]
            if last.role != "tool":
                found.append("the last message is no tool's result")
            elif not _holds(last.text, result):
                found.append(f"the last tool's result does not hold {_shown(result)}")
        return found

    def step(self, call: ChatCall) -> Step | None:
        """Return what comes next for a request that fits; `None` when all has been given."""
        steps = self.steps
        written = [step for step in steps if not step.only_fails]
        given = 0 if self._wanted["result"] is not None else _given(written, call)
        with self._lock:
            for index, step in enumerate(steps):
                last = index == len(steps) - 1
                if step.only_fails:
                    if given == 0 and (last or index not in self._failed):
                        self._failed.add(index)
                        return step
                elif given == 0 or (last and not step.calls_tools):
                    return step
                else:
                    given -= 1
        return None

    def closeness(self, call: ChatCall) -> float:
        """Tell how near a rule that does not fit comes to it; only to be compared."""
        shared = 0
        if isinstance(self.message, str):
            shared = len({*content_stems(self.message)} & {*content_stems(call.question[:2000])})
        return shared - len(self.mismatches(call))


def when(
    message: Pattern | Callable[[ChatCall], bool] | None = None,
    /,
    *,
    system: Pattern | None = None,
    model: str | None = None,
    tool: str | None = None,
    result: Pattern | None = None,
) -> Rule:
    """Begin a rule: `when("weather").calls("get_weather", city="Paris").then.says("Sunny.")`.

    Args:
        message: What the user's last message holds: a text (its case does not count), a compiled
            pattern that is searched for, or a callable that is given the call.
        system: What the system text holds.
        model: The model's id.
        tool: Name of a tool that is offered.
        result: What the tool's result holds that the request ends with.

    Returns:
        A rule that fits when all of this does, any request when nothing is said. Its methods
        write its answers.
    """
    return Rule(message, system=system, model=model, tool=tool, result=result)


class Rules:
    """Answers a request by the first rule that fits."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = list(rules)

    def add(self, rule: Rule) -> None:
        """Add a rule after the others."""
        self._rules.append(rule)

    def __call__(self, call: ChatCall) -> Sequence[Answer]:
        """Answer a request.

        Raises:
            Unanswered: No rule fits, or those that do have given all their answers.
        """
        spent: Rule | None = None
        for rule in tuple(self._rules):
            if rule.mismatches(call):
                continue
            step = rule.step(call)
            if step is not None:
                return step.answers(call)
            spent = spent or rule
        raise Unanswered(self._reason(call) if spent is None else _spent(spent))

    def _reason(self, call: ChatCall) -> str:
        if not self._rules:
            return "There is no rule to answer this request."
        nearest = max(self._rules, key=lambda rule: rule.closeness(call))
        count = f"the nearest of {len(self._rules)}" if len(self._rules) > 1 else "the only one"
        why = "; ".join(nearest.mismatches(call))
        return f"No rule answers this request. {nearest!r}, {count}, does not fit: {why}."


def _spent(rule: Rule) -> str:
    count = len(rule.steps)
    if not count:
        return f"{rule!r} fits and has no answer yet: add .says(…) or .calls(…)."
    given = "its 1 answer" if count == 1 else f"its {count} answers"
    return (
        f"{rule!r} fits and has given {given} in this conversation: "
        "add .then.says(…) for what comes after."
    )


def _given(steps: Sequence[Step], call: ChatCall) -> int:
    """Count the answers that stand in the history since the user's last message."""
    last_user = max((i for i, turn in enumerate(call.turns) if turn.role == "user"), default=-1)
    given = 0
    for turn in call.turns[last_user + 1 :]:
        if turn.role != "assistant":
            continue
        # Adapters join neighbouring turns, so one turn may hold several answers.
        called = Counter(past.name for past in turn.calls)
        while given < len(steps) and (taken := _stands_in(steps[given], turn, called)) is not None:
            called -= taken
            given += 1
            if not taken:
                break
    return given


def _stands_in(step: Step, turn: Turn, called: Counter[str]) -> Counter[str] | None:
    """Return the calls of a turn that an answer made; `None` when the answer is not in it."""
    for answer in step.written:
        names = Counter(new.name for new in answer.calls)
        if names <= called if names else answer.text.strip() in turn.text:
            return names
    return None if step.written else Counter()


def _holds(text: str, wanted: Pattern) -> bool:
    if isinstance(wanted, str):
        return wanted.casefold() in text.casefold()
    return wanted.search(text) is not None


def _shown(wanted: Pattern | Callable[[ChatCall], bool]) -> str:
    if isinstance(wanted, str):
        return repr(wanted)
    if isinstance(wanted, re.Pattern):
        return f"re.compile({wanted.pattern!r})"
    return getattr(wanted, "__name__", "the callable")
