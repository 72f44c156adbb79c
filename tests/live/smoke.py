"""Each endpoint once, through the client: does an answer come, and is it what its type says?"""

from __future__ import annotations

from siliconflow_client import SiliconFlowClient, SiliconFlowError
from tests.live.asking import CHAT, HELLO, SMALL, Asking
from tests.live.other_points import EMBEDDING, LISTENER, PAINTER, RERANKER, SPEAKER

# What leaves something behind, or costs too much, and what needs such a thing to be there.
LEFT_OUT = frozenset(
    {
        ("POST", "/v1/video/submit"),
        ("POST", "/v1/files"),
        ("GET", "/v1/files/{id}/content"),
        ("GET", "/v1/batches/{id}"),
        ("POST", "/v1/batches/{id}/cancel"),
        ("POST", "/v1/uploads/audio/voice"),
        ("POST", "/v1/audio/voice/deletions"),
        ("GET", "/batch-output/{id}"),
    }
)


def smoke(ask: Asking, key: str) -> dict[str, str]:
    """Call each endpoint once.

    Returns:
        What came, by the name of the method; never a text of the model's.
    """
    ask.http.event_hooks["response"].append(ask.note)
    messages = [{"role": "user", "content": HELLO}]
    settings = {"max_tokens": 48, "enable_thinking": False}
    with SiliconFlowClient(
        api_key=key, base_url=ask.base_url, http_client=ask.http, max_retries=1
    ) as client:

        def streamed() -> bool:
            with client.stream_chat(model=SMALL, messages=messages, **settings) as stream:
                return any(delta.text for delta in stream)

        def completed() -> bool:
            code = client.complete(model=CHAT, prompt="1, 2, 3,", max_tokens=8)
            return code.choices[0].finish_reason is not None

        def heard() -> bool:
            sound = client.audio.speech.create(
                model=SPEAKER, input="Hello.", voice=f"{SPEAKER}:alex", response_format="wav"
            )
            made = client.audio.transcriptions.create(model=LISTENER, file=sound.content)
            return made.text is not None

        calls = {
            "chat": lambda: bool(client.chat(model=SMALL, messages=messages, **settings).text),
            "stream_chat": streamed,
            "complete": completed,
            "embed": lambda: len(client.embed(model=EMBEDDING, input=["a", "b"]).vectors) == 2,
            "rerank": lambda: (
                client.rerank(model=RERANKER, query="a", documents=["b", "a"]).results[0].index == 1
            ),
            "models": lambda: len(client.models()) > 0,
            "user.retrieve": lambda: client.user.retrieve() is not None,
            "images.generate": lambda: (
                len(client.images.generate(model=PAINTER, prompt="A loaf of bread").images) == 1
            ),
            "audio": heard,
            "voices.list": lambda: client.voices.list() is not None,
            "files.list": lambda: list(client.files.list(limit=1)) is not None,
            "batches.list": lambda: list(client.batches.list(limit=1)) is not None,
            "messages.create": lambda: bool(
                client.messages.create(model=SMALL, messages=messages, max_tokens=48)
            ),
        }
        found: dict[str, str] = {}
        for name, call in calls.items():
            try:
                found[name] = "as expected" if call() else "another answer"
            except SiliconFlowError as error:
                status = getattr(error, "status_code", None)
                found[name] = f"{type(error).__name__}" + (f", HTTP {status}" if status else "")
    ask.http.event_hooks["response"].remove(ask.note)
    return found
