"""How these tests ask the simulator, and how they read what it says."""

from __future__ import annotations

import json
from typing import Any

from siliconflow_simulator import SimRequest, SimResponse, Simulator

CHAT = "/v1/chat/completions"
DEFAULT_MODEL = "deepseek-ai/DeepSeek-V3.2"
KEY = {"Authorization": "Bearer sk-test"}

SIMULATOR = Simulator()


def post(
    path: str,
    body: Any,
    *,
    simulator: Simulator = SIMULATOR,
    simulate: str = "",
    headers: dict[str, str] | None = None,
) -> SimResponse:
    """POST a body; bytes go as they are."""
    sent = dict(KEY if headers is None else headers)
    if simulate:
        sent["x-simulate"] = simulate
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return simulator.handle(SimRequest("POST", path, sent, data))


def get(path: str, *, headers: dict[str, str] | None = None, **query: str) -> SimResponse:
    sent = KEY if headers is None else headers
    return SIMULATOR.handle(SimRequest("GET", path, sent, query=query))


def messages(*turns: str | dict[str, Any]) -> list[dict[str, Any]]:
    """Texts are user messages."""
    return [{"role": "user", "content": turn} if isinstance(turn, str) else turn for turn in turns]


def ask(
    *turns: str | dict[str, Any],
    simulator: Simulator = SIMULATOR,
    simulate: str = "",
    **fields: Any,
) -> SimResponse:
    body = {"model": DEFAULT_MODEL, "messages": messages(*turns), **fields}
    return post(CHAT, body, simulator=simulator, simulate=simulate)


def body_of(response: SimResponse) -> Any:
    return json.loads(response.content())


def choice_of(response: SimResponse) -> Any:
    assert response.status == 200, response.content()
    return body_of(response)["choices"][0]


def text_of(response: SimResponse) -> str:
    return choice_of(response)["message"]["content"]


def calls_of(response: SimResponse) -> list[tuple[str, Any]]:
    """Names and parsed arguments of the calls in an answer."""
    calls = choice_of(response)["message"].get("tool_calls", [])
    return [(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in calls]


def events_of(response: SimResponse) -> list[Any]:
    """Parsed `data:` lines, without `[DONE]`, which must be the last."""
    assert response.status == 200, response.content()
    lines = [line for line in response.content().decode().split("\n\n") if line]
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


def joined(events: list[Any], field: str = "content", choice: int = 0) -> str:
    """What the deltas of one choice say together."""
    return "".join(
        c["delta"].get(field) or "" for e in events for c in e["choices"] if c["index"] == choice
    )


def tool(name: str, description: str = "", /, **properties: dict[str, Any]) -> dict[str, Any]:
    """A tool; a property with a default is optional."""
    parameters = {
        "type": "object",
        "properties": properties,
        "required": [key for key, schema in properties.items() if "default" not in schema],
    }
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


STRING = {"type": "string"}
INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}

WEATHER = tool("get_weather", "Get the weather at a location.", city=STRING)
ANTHROPIC_WEATHER: Any = {
    "name": "get_weather",
    "description": "Get the weather at a location.",
    "input_schema": WEATHER["function"]["parameters"],
}
"""The same tool in Anthropic's form."""
ADD = tool("add", "Add two integers.", a=INTEGER, b=INTEGER)
MULTIPLY = tool("multiply", "Multiply two integers.", a=INTEGER, b=INTEGER)
MAGIC = tool("magic_function", "Apply a magic function to an input.", input=INTEGER)


def called(name: str, arguments: str, result: str, id: str = "c1") -> list[dict[str, Any]]:
    """The two messages that a tool round adds to a history."""
    call = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": id, "content": result},
    ]
