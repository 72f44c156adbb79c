"""Each endpoint once, through the client: does an answer come, and is it what its type says?

A run leaves two files of one line behind, which the API has no way to delete, and two batches of one
small request each, one of them cancelled.
"""

from __future__ import annotations

from functools import cache

from siliconflow_client import SiliconFlowClient, SiliconFlowError
from tests.live.asking import CHAT, HELLO, SMALL, Asking
from tests.live.other_points import (
    EMBEDDING,
    LISTENER,
    PAINTER,
    RERANKER,
    SPEAKER,
    batch_file,
)

LEFT_OUT = {
    ("POST", "/v1/video/submit"): "a film costs more than a run may",
    ("GET", "/batch-output/{id}"): "where it is, a finished batch says; none is waited for",
}
"""What is not asked, and why; the report says so."""


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

        # Made once, since each is paid for or stays.
        @cache
        def sound() -> bytes:
            return client.audio.speech.create(
                model=SPEAKER, input="Hello.", voice=f"{SPEAKER}:alex", response_format="wav"
            ).content

        @cache
        def file() -> str:
            return client.files.create(file=batch_file(), filename="live-smoke.jsonl").id

        def batched() -> bool:
            """A file of one request, and a batch of it that is cancelled at once."""
            batch = client.batches.create(input_file_id=file(), metadata={"run": "live-smoke"})
            seen = client.batches.retrieve(batch.id)
            ended = client.batches.cancel(batch.id)
            return file() == seen.input_file_id and ended.id == batch.id

        def voiced() -> bool:
            """A voice of the account's own, made of spoken words and taken away again."""
            voice = client.voices.create(
                model=SPEAKER, customName="live-smoke", text="Hello.", file=sound()
            )
            client.voices.delete(voice)
            return bool(voice.uri)

        def read() -> bool:
            return client.files.content(file()) == batch_file()

        def heard() -> bool:
            made = client.audio.transcriptions.create(model=LISTENER, file=sound())
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
            "voices": voiced,
            "files.content": read,
            "batches": batched,
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
