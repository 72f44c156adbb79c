"""The unsettled points of chat (docs/wire.md#unsettled-points), one probe each."""

from __future__ import annotations

from typing import Any

from tests.live.asking import CHAT, SMALL, WEATHER, Asking, Probes, message_of, outcome, parsed

point = Probes()

ASK_WEATHER = "What is the weather in Paris? Use the tool."
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["crimson", "teal"]}},
    "required": ["colour"],
    "additionalProperties": False,
}
MARKS = ("<tool_call", "<|tool", "<｜tool", "<function", "[TOOL_CALLS]", "<invoke")


def tool_turn(arguments: str = '{"city": "Paris"}', **more: Any) -> list[dict[str, Any]]:
    function = {"name": "get_weather", "arguments": arguments}
    calls = [{"id": "call_1", "type": "function", "function": function}]
    return [
        {"role": "user", "content": "What is the weather in Paris?"},
        {"role": "assistant", "content": "", "tool_calls": calls, **more},
        {"role": "tool", "tool_call_id": "call_1", "content": "18 °C, sunny"},
    ]


@point("replay-without-reasoning")
def replay_without_reasoning(ask: Asking) -> str:
    return outcome(
        ask.chat(model=CHAT, messages=tool_turn(), tools=[WEATHER], enable_thinking=True)
    )


@point("system-in-the-middle")
def system_in_the_middle(ask: Asking) -> str:
    roles = ("user", "assistant", "system", "user")
    return outcome(ask.chat(messages=[{"role": role, "content": "Hello."} for role in roles]))


@point("lone-system-message")
def lone_system_message(ask: Asking) -> str:
    return outcome(ask.chat(messages=[{"role": "system", "content": "Say hello."}]))


@point("invalid-arguments")
def invalid_arguments(ask: Asking) -> str:
    return outcome(ask.chat(messages=tool_turn('{"city": "Par'), tools=[WEATHER]))


@point("many-messages")
def many_messages(ask: Asking) -> str:
    turns = [
        {"role": role, "content": "Hello."} for _ in range(7) for role in ("user", "assistant")
    ]
    return outcome(ask.chat(messages=[*turns, {"role": "user", "content": "Hello."}]))


@point("parallel-calls")
def parallel_calls(ask: Asking) -> str:
    question = "What is the weather in Paris and in Rome? Call the tool for both at once."
    found = [
        f"{allowed}: {len(message_of(answer).get('tool_calls') or [])} calls"
        for allowed in (True, False)
        if (answer := ask.chat(question, tools=[WEATHER], parallel_tool_calls=allowed))
    ]
    return ", ".join(found)


@point("tool-choice-none")
def tool_choice_none(ask: Asking) -> str:
    answer = ask.chat(ASK_WEATHER, tools=[WEATHER], tool_choice="none")
    return f"{outcome(answer)}, {'calls' if message_of(answer).get('tool_calls') else 'no call'}"


@point("strict-schema")
def strict_schema(ask: Asking) -> str:
    form = {"name": "answer", "strict": True, "schema": SCHEMA}
    answer = ask.chat(
        "Which colour has the sky?", response_format={"type": "json_schema", "json_schema": form}
    )
    value = parsed(message_of(answer).get("content") or "")
    keeps = isinstance(value, dict) and value.get("colour") in ("crimson", "teal")
    return f"{outcome(answer)}, {'kept' if keeps else 'not kept'}"


@point("json-mode-models")
def json_mode_models(ask: Asking) -> str:
    form = {"type": "json_object"}
    asked = "Give a JSON object with the key a."
    taken = {
        model: outcome(ask.chat(asked, model=model, response_format=form))
        for model in (SMALL, CHAT)
    }
    return ", ".join(f"{model}: {how}" for model, how in taken.items())


@point("thinking-default")
def thinking_default(ask: Asking) -> str:
    found: list[str] = []
    for model in (SMALL, CHAT):
        message = message_of(ask.chat(model=model, enable_thinking=None, thinking_budget=128))
        found.append(f"{model} {'thinks' if message.get('reasoning_content') else 'does not'}")
    return ", ".join(found)


@point("thinking-budget")
def thinking_budget(ask: Asking) -> str:
    low = ask.chat("Is 97 prime?", enable_thinking=True, thinking_budget=1, max_tokens=256)
    usual = ask.chat("Is 97 prime?", enable_thinking=True, thinking_budget=128, max_tokens=256)
    thought = _thought(usual)
    held = "not told" if thought is None else "kept" if thought <= 140 else "exceeded"
    return f"1 is {outcome(low)}; 128 is {held}"


@point("max-tokens-thinking")
def max_tokens_thinking(ask: Asking) -> str:
    answer = ask.chat("Is 97 prime?", enable_thinking=True, thinking_budget=256, max_tokens=16)
    thought = _thought(answer)
    if thought is None:
        return f"{outcome(answer)}, thinking not told"
    return "bounds the thinking" if thought <= 16 else "does not bound the thinking"


def _thought(answer: Any) -> int | None:
    body = parsed(answer.content)
    usage = body.get("usage") if isinstance(body, dict) else None
    details = (usage or {}).get("completion_tokens_details") or {}
    return details.get("reasoning_tokens")


@point("stream-usage")
def stream_usage(ask: Asking) -> str:
    found: list[str] = []
    for model in (SMALL, CHAT):
        events = ask.events(model=model, stream_options={"include_usage": True})
        found.append(f"{model}: {'usage' if any(e.get('usage') for e in events) else 'none'}")
    return ", ".join(found)


@point("tool-markup")
def tool_markup(ask: Asking) -> str:
    found: list[str] = []
    for model in (SMALL, CHAT):
        message = message_of(ask.chat(ASK_WEATHER, model=model, tools=[WEATHER]))
        text = f"{message.get('content')}{message.get('reasoning_content')}"
        how = "calls" if message.get("tool_calls") else "no call"
        found.append(f"{model}: {'markup' if any(mark in text for mark in MARKS) else how}")
    return ", ".join(found)


@point("answer-in-reasoning")
def answer_in_reasoning(ask: Asking) -> str:
    message = message_of(ask.chat(enable_thinking=False))
    return "in the reasoning" if message.get("reasoning_content") else "in the content"


@point("client-closed")
def client_closed(ask: Asking) -> str:
    body = {"model": SMALL, "messages": [{"role": "user", "content": "Count to ten."}]}
    body |= {"stream": True, "max_tokens": 48, "enable_thinking": False}
    with ask.http.stream("POST", f"{ask.base_url}/chat/completions", json=body) as response:
        next(response.iter_raw(), b"")
    return f"after a client left, the next call is {outcome(ask.chat())}"


@point("messages-end")
def messages_end(ask: Asking) -> str:
    body = {"model": SMALL, "messages": [{"role": "user", "content": "Hello."}]}
    answer = ask.send("POST", "/messages", json={**body, "max_tokens": 48, "stream": True})
    if answer.status_code != 200:
        return outcome(answer)
    end = answer.text.strip()[-200:]
    return "[DONE]" if "[DONE]" in end else "message_stop" if "message_stop" in end else "neither"


# --- what all the answers of the run showed ---------------------------------------------------

watched = Probes()


@watched("retry-after")
def retry_after(ask: Asking) -> str:
    return f"came with {sorted(set(ask.retry_after))}" if ask.retry_after else "never came"


@watched("stream-comments")
def stream_comments(ask: Asking) -> str:
    return "came" if ask.comments else "never came"


@watched("stream-errors")
def stream_errors(ask: Asking) -> str:
    return ", ".join(sorted(set(ask.stream_errors))) or "none came"


@watched("empty-answer")
def empty_answer(ask: Asking) -> str:
    return "came" if ask.empty else "never came"
