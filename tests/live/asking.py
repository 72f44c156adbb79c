"""How the live run asks: plain HTTP, since the client puts right what these probes look for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

YUAN_PER_TOKEN = 20 / 1_000_000
"""What a token is assumed to cost at most; the models that are asked are small ones."""
YUAN_PER_THING = 0.05
"""The same for an image, a sound and a transcription."""
LIMIT = 0.5
"""Yuan that a run may cost."""
THINGS = ("/images/generations", "/audio/speech", "/audio/transcriptions")

CHAT = "deepseek-ai/DeepSeek-V3.2"
SMALL = "Qwen/Qwen3-8B"
HELLO = "Say hello in one word."

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


class TooExpensiveError(Exception):
    """The run would cost more than it may."""


@dataclass
class Asking:
    """Asks one site, and keeps an eye on all its answers.

    Attributes:
        http: The client, which sends the key.
        base_url: The site.
        tokens: What all answers said that they used.
        things: Images, sounds and transcriptions that were made.
        seen: Method and path of each request.
        retry_after: Statuses that came with a `Retry-After`.
        comments: Comment lines in streams.
        stream_errors: Shapes of error events in streams.
        empty: Answers of nothing.
    """

    http: httpx.Client
    base_url: str
    tokens: int = 0
    things: int = 0
    seen: list[tuple[str, str]] = field(default_factory=list)
    retry_after: list[int] = field(default_factory=list)
    comments: int = 0
    stream_errors: list[str] = field(default_factory=list)
    empty: int = 0

    @property
    def yuan(self) -> float:
        """What the run has cost so far, estimated from above."""
        return self.tokens * YUAN_PER_TOKEN + self.things * YUAN_PER_THING

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request and read the whole answer.

        Raises:
            TooExpensiveError: The limit is reached; nothing was sent.
        """
        if self.yuan >= LIMIT:
            raise TooExpensiveError
        response = self.http.request(method, f"{self.base_url}{path}", **request)
        self.note(response)
        return response

    def note(self, response: httpx.Response) -> None:
        """Count what an answer cost and remember what is rare."""
        response.read()
        path = response.request.url.path
        self.seen.append((response.request.method, path))
        self.things += response.status_code == 200 and path.endswith(THINGS)
        if "retry-after" in response.headers:
            self.retry_after.append(response.status_code)
        if "event-stream" in response.headers.get("content-type", ""):
            self._note_stream(response.text)
        else:
            self.tokens += used(parsed(response.content))

    def _note_stream(self, text: str) -> None:
        most = 0
        for line in text.split("\n"):
            if line.startswith(":"):
                self.comments += 1
            if line.startswith("data:") and isinstance(event := parsed(line[5:]), dict):
                most = max(most, used(event))
                if "error" in event or ("code" in event and "message" in event):
                    self.stream_errors.append("{error}" if "error" in event else "{code, message}")
        self.tokens += most

    # --- chat ---------------------------------------------------------------------------------

    def chat(self, content: str = HELLO, **fields: Any) -> httpx.Response:
        """Ask a chat model; `max_tokens` is small, and thinking is off unless it is asked for."""
        body: dict[str, Any] = {
            "model": SMALL,
            "messages": [{"role": "user", "content": content}],
            "max_tokens": 48,
            **fields,
        }
        if body["model"] == SMALL and "enable_thinking" not in fields:
            body["enable_thinking"] = False
        body = {name: value for name, value in body.items() if value is not None}
        response = self.send("POST", "/chat/completions", json=body)
        if response.status_code == 200 and not body.get("stream"):
            message = message_of(response)
            self.empty += not any(
                message.get(name) for name in ("content", "reasoning_content", "tool_calls")
            )
        return response

    def events(self, **fields: Any) -> list[dict[str, Any]]:
        """Ask a chat model for a stream; return its events."""
        response = self.chat(stream=True, **fields)
        found = (parsed(line[5:]) for line in response.text.split("\n") if line[:5] == "data:")
        return [event for event in found if isinstance(event, dict)]


@dataclass(frozen=True)
class Probe:
    """A question that no source settles, and how a run looks for its answer."""

    name: str
    look: Callable[[Asking], str]


class Probes:
    """Probes by their names, in the order of their definition."""

    def __init__(self) -> None:
        self._probes: list[Probe] = []

    def __call__(self, name: str) -> Callable[[Callable[[Asking], str]], Callable[[Asking], str]]:
        """Register a probe under the name that its point has in docs/wire.md."""

        def register(look: Callable[[Asking], str]) -> Callable[[Asking], str]:
            self._probes.append(Probe(name, look))
            return look

        return register

    def __iter__(self) -> Iterator[Probe]:
        return iter(self._probes)


def parsed(text: str | bytes) -> Any:
    """Return JSON, or `None` where there is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def used(body: Any) -> int:
    """Return the tokens that an answer says it used, in any of the API's forms."""
    if not isinstance(body, dict):
        return 0
    usage = body.get("usage")
    meta = body.get("meta")
    if not isinstance(usage, dict) and isinstance(meta, dict):
        usage = meta.get("tokens")
    if not isinstance(usage, dict):
        return 0
    names = ("total_tokens",) if usage.get("total_tokens") else ("input_tokens", "output_tokens")
    return sum(value for name in names if isinstance(value := usage.get(name), int))


def message_of(response: httpx.Response) -> dict[str, Any]:
    """Return the message of a chat answer; empty where there is none."""
    body = parsed(response.content)
    choices = body.get("choices") if isinstance(body, dict) else None
    message = choices[0].get("message") if choices else None
    return message if isinstance(message, dict) else {}


def outcome(response: httpx.Response) -> str:
    """Say whether a request was taken: status and code, never the text."""
    if response.status_code == 200:
        return "taken"
    body = parsed(response.content)
    code = body.get("code") if isinstance(body, dict) else None
    return f"refused: HTTP {response.status_code}" + (f", code {code}" if code else "")
