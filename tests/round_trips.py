"""Answers for round trips: what came goes into a framework's message, and back into a request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from hypothesis import strategies as st

# Without `<`, which may begin thinking or a call that was written as text, and half characters.
TEXTS = st.text(st.characters(exclude_characters="<", exclude_categories=["Cs"]), max_size=40)
WORDS = TEXTS.filter(str.strip)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
CALLS = st.lists(
    st.tuples(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.dictionaries(TEXTS, VALUES, max_size=3)),
    max_size=3,
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """An answer: its text, its thinking, and its calls as (name, arguments)."""

    text: str
    reasoning: str
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [f"call_{place}" for place, _ in enumerate(self.calls)]

    @property
    def message(self) -> dict[str, Any]:
        """As the API sends it."""
        calls = [
            {
                "id": id,
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(args)},
            }
            for id, (name, args) in zip(self.ids, self.calls, strict=True)
        ]
        message = {"role": "assistant", "content": self.text, "reasoning_content": self.reasoning}
        return {**message, "tool_calls": calls} if calls else message

    @property
    def finish_reason(self) -> str:
        return "tool_calls" if self.calls else "stop"


def answers() -> st.SearchStrategy[Said]:
    """Answers with something in them: words, or calls."""
    return st.builds(Said, WORDS, TEXTS, CALLS) | st.builds(Said, TEXTS, TEXTS, CALLS.filter(bool))


class Api:
    """Gives one answer, whole or in pieces, and keeps the last request."""

    def __init__(self) -> None:
        self.said = Said("", "")
        self.body: dict[str, Any] = {}
        transport = httpx.MockTransport(self._answered)
        self.settings: dict[str, Any] = {
            "api_key": "sk-any",
            "model": "deepseek-ai/DeepSeek-V3.2",
            "http_client": httpx.Client(transport=transport),
        }

    def _answered(self, request: httpx.Request) -> httpx.Response:
        self.body = json.loads(request.content)
        if not self.body.get("stream"):
            choice = {"index": 0, "message": self.said.message}
            choice["finish_reason"] = self.said.finish_reason
            return httpx.Response(200, json={"id": "c", "model": "m", "choices": [choice]})
        headers = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=headers, content=b"".join(map(_event, self._deltas())))

    def _deltas(self) -> list[tuple[dict[str, Any], str | None]]:
        message = self.said.message
        deltas: list[dict[str, Any]] = [{"reasoning_content": one} for one in message["reasoning_content"]]  # fmt: skip
        deltas += [{"content": one} for one in message["content"]]
        for place, call in enumerate(message.get("tool_calls", [])):
            arguments = call["function"]["arguments"]
            half = len(arguments) // 2
            first = {**call, "index": place, "function": {**call["function"], "arguments": arguments[:half]}}  # fmt: skip
            rest = {"index": place, "function": {"arguments": arguments[half:]}}
            deltas += [{"tool_calls": [first]}, {"tool_calls": [rest]}]
        return [*((delta, None) for delta in deltas), ({}, self.said.finish_reason)]

    def check(self, turn: dict[str, Any]) -> None:
        """A turn of a request says what the answer said."""
        said = self.said
        assert (turn.get("content") or "") == said.text
        calls = [
            (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
            for call in turn.get("tool_calls") or []
        ]
        assert calls == [(id, *call) for id, call in zip(said.ids, said.calls, strict=True)]
        if said.calls:
            assert (turn.get("reasoning_content") or "") == said.reasoning


def _event(piece: tuple[dict[str, Any], str | None]) -> bytes:
    delta, reason = piece
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode() + b"\n\n"
