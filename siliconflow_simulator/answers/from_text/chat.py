"""Answer a chat request: think, call tools, or write text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siliconflow_simulator._wire import encode
from siliconflow_simulator.answers.answer import Answer, NewCall
from siliconflow_simulator.answers.call import Done, Intent, NamedTool
from siliconflow_simulator.answers.from_text.fim import fill_in_the_middle
from siliconflow_simulator.answers.from_text.json_form import asks_for_json, json_answer
from siliconflow_simulator.answers.from_text.marked_fields import marked_answer
from siliconflow_simulator.answers.from_text.prose import (
    answer_turns,
    best_sentences,
    join_sentences,
)
from siliconflow_simulator.answers.from_text.question import find_passages, find_question
from siliconflow_simulator.answers.from_text.reasoning import reason
from siliconflow_simulator.answers.from_text.results import answer_results
from siliconflow_simulator.answers.from_text.tools import forced, plan
from siliconflow_simulator.answers.tokens import count_tokens, split_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_simulator.answers.call import ChatCall, Turn

_LONG_PROMPT = 600
"""Characters from which a prompt is taken to hold passages besides the question."""


def from_text(call: ChatCall) -> Answer:
    """Answer a chat request out of its own text; the same request has the same answer."""
    asked, done = _since_user(call.turns)
    intents = _calls(call, asked, done)
    text = ""
    if not intents:
        text = _text(call, asked, done)
    elif call.text_before_tools:
        text = f"Let me use {', '.join(dict.fromkeys(intent.name for intent in intents))}."
    names = [intent.name for intent in intents]
    whole = Answer(
        reasoning=reason(find_question(asked), names, call.thinking_budget)
        if call.thinking
        else "",
        text=text,
        calls=tuple(NewCall(intent.name, _arguments(intent)) for intent in intents),
    )
    return _limit(_stop(whole, call.stop), call.max_tokens, call.budget_covers_thinking)


def _since_user(turns: Sequence[Turn]) -> tuple[str, list[Done]]:
    """Return what the user said last, and the tool calls that were made since."""
    last = max(index for index, turn in enumerate(turns) if turn.role == "user")
    results = {turn.tool_call_id: turn.text for turn in turns[last:] if turn.role == "tool"}
    done = [
        Done(past.name, past.arguments, results.get(past.id, ""))
        for turn in turns[last:]
        for past in turn.calls
    ]
    return turns[last].text, done


def _calls(call: ChatCall, asked: str, done: list[Done]) -> list[Intent]:
    if not call.tools or call.choice == "none":
        return []
    text = find_question(asked) if len(asked) > _LONG_PROMPT else asked

    def passages() -> str:
        return _best(call.turns, asked)

    if isinstance(call.choice, NamedTool):
        wanted = call.choice.name
        named = [tool for tool in call.tools if tool.name == wanted]
        return [forced(named, asked, done, passages)]
    intents = plan(call.tools, text, done, passages)
    if not intents and call.choice == "required":
        intents = [forced(call.tools, asked, done, passages)]
    return intents if call.parallel else intents[:1]


def _best(turns: Sequence[Turn], asked: str) -> str:
    question = find_question(asked)
    return join_sentences(best_sentences(question, find_passages(turns, question)))


def _arguments(intent: Intent) -> str:
    # The documented example has a space after the colon: {"location": "Boston, MA"}.
    pairs = (f'"{key}": {encode(value).decode()}' for key, value in intent.arguments.items())
    return "{" + ", ".join(pairs) + "}"


def _text(call: ChatCall, asked: str, done: Sequence[Done]) -> str:
    if call.suffix is not None or call.prefix is not None:
        return fill_in_the_middle(call.prefix or "", call.suffix) or answer_turns(call.turns)
    marked = marked_answer(call.turns)
    if marked is not None:
        return marked
    json_mode = call.json_form != "text"
    if json_mode or (not call.tools and asks_for_json(call.turns)):
        results = [item.result for item in done]
        return json_answer(
            call.turns,
            call.json_schema,
            results,
            lambda: _best(call.turns, asked),
            bare=json_mode,
        )
    if done:
        return answer_results(find_question(asked), done, call.turns)
    return answer_turns(call.turns)


def _stop(answer: Answer, sequences: Sequence[str]) -> Answer:
    """Cut the text before the first stop sequence."""
    ends = [answer.text.find(sequence) for sequence in sequences if sequence in answer.text]
    return replace(answer, text=answer.text[: min(ends)]) if ends else answer


def _limit(answer: Answer, max_tokens: int | None, covers_thinking: bool) -> Answer:
    """Cut an answer at its token limit, in the middle of a call's arguments if need be."""
    if max_tokens is None:
        return answer
    left = max_tokens
    reasoning = answer.reasoning
    if covers_thinking:
        reasoning, left = _cut(reasoning, left)
    text, left = _cut(answer.text, left)
    calls: list[NewCall] = []
    for call in answer.calls:
        left -= count_tokens(call.name)
        if left <= 0:
            break
        arguments, left = _cut(call.arguments, left)
        calls.append(NewCall(call.name, arguments))
    cut = replace(answer, reasoning=reasoning, text=text, calls=tuple(calls))
    return replace(cut, finish_reason="length") if cut != answer else answer


def _cut(text: str, tokens: int) -> tuple[str, int]:
    pieces = split_tokens(text)
    return "".join(pieces[: max(0, tokens)]), tokens - len(pieces)
