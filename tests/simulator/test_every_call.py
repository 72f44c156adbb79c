"""Every method of both clients is answered by the simulator."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from siliconflow_client import AsyncSiliconFlowClient, GoneError
from siliconflow_simulator import Simulator
from tests.client.callers import Caller
from tests.simulator.parameter_values import BODIES, METHODS

KINDS = ["sync", "async"]
# Methods that stream or do many at once, and whose request is that of another.
LIKE = {
    "stream_chat": "chat",
    "stream_complete": "completions",
    "messages.stream": "messages",
    "audio.speech.stream": "speech",
    "audio.speech.with_streaming_response.create": "speech",
}
ASKED: dict[str, dict[str, Any]] = {
    **{method: BODIES[endpoint] for endpoint, method in METHODS.items()},
    **{method: BODIES[endpoint] for method, endpoint in LIKE.items()},
    "models": {},
    "voices.list": {},
    "files.list": {},
    "files.page": {"limit": 1},
    "batches.list": {},
    "batches.page": {"limit": 1},
    "embed_many": {"model": "BAAI/bge-m3", "texts": ["a"] * 40},
    "rerank_many": BODIES["rerank"],
}
TEXT = b'{"custom_id": "a", "body": {"model": "deepseek-ai/DeepSeek-V3", "messages": [{"role": "user", "content": "Hi"}]}}'


@pytest.fixture(params=KINDS)
async def caller(request: pytest.FixtureRequest) -> AsyncIterator[Caller]:
    async with Caller(request.param, Simulator().transport().handler, max_retries=0) as made:
        yield made


async def result(caller: Caller, method: str, *args: Any, **arguments: Any) -> Any:
    """What a method answers; of one that is iterated, the items."""
    answer = attrgetter(method)(caller.client)(*args, **arguments)
    if inspect.isawaitable(answer):
        answer = await answer
    if hasattr(answer, "__aiter__"):
        return [item async for item in answer]
    is_stream = hasattr(answer, "__iter__") and hasattr(answer, "close")
    return list(answer) if is_stream or hasattr(answer, "__next__") else answer


@pytest.mark.parametrize("method", ASKED)
async def test_a_call_is_answered(caller: Caller, method: str) -> None:
    answer = await result(caller, method, **ASKED[method])
    assert answer is not None
    if isinstance(answer, list) and not method.endswith("list"):
        assert answer


async def test_requests_in_plenty(caller: Caller) -> None:
    chats = await result(caller, "chat_many", [BODIES["chat"]] * 3)
    texts = await result(caller, "complete_many", [BODIES["completions"]] * 3)
    assert (len(chats), len(texts)) == (3, 3)


async def test_images_are_saved(caller: Caller, tmp_path: Path) -> None:
    made = await result(caller, "images.generate", **BODIES["images"])
    [path] = await result(caller, "images.save", made, tmp_path)
    assert path.stat().st_size > 0


async def test_a_film_is_waited_for_and_saved(caller: Caller, tmp_path: Path) -> None:
    job = await result(caller, "videos.submit", **BODIES["video"])
    first = await result(caller, "videos.status", job)
    film = await result(caller, "videos.wait", job, poll=0.01)
    assert (first.status, film.status) == ("InQueue", "Succeed")
    [path] = await result(caller, "videos.save", film, tmp_path)
    assert path.stat().st_size > 0


async def test_a_voice_is_deleted(caller: Caller) -> None:
    made = await result(caller, "voices.create", **BODIES["voices"])
    await result(caller, "voices.delete", made)
    assert await result(caller, "voices.list") == []


async def test_files_are_uploaded_and_read(caller: Caller) -> None:
    file = await result(caller, "files.create", file=TEXT)
    assert await result(caller, "files.content", file.id) == TEXT
    assert b"".join(await result(caller, "files.stream", file.id)) == TEXT
    assert [known.id for known in await result(caller, "files.list")] == [file.id]


async def test_a_batch_is_created_looked_at_and_cancelled(caller: Caller) -> None:
    file = await result(caller, "files.create", file=TEXT)
    batch = await result(caller, "batches.create", input_file_id=file.id)
    looked = await result(caller, "batches.retrieve", batch.id)
    assert looked.status == "in_progress"
    assert (await result(caller, "batches.cancel", batch.id)).status == "cancelling"
    assert [known.id for known in await result(caller, "batches.list")] == [batch.id]


async def test_a_job_is_submitted_and_resumed(caller: Caller, tmp_path: Path) -> None:
    state = tmp_path / "job.json"
    request = {"model": "deepseek-ai/DeepSeek-V3", "messages": BODIES["chat"]["messages"]}
    await result(caller, "batches.submit", [request], state=state)
    job = await result(caller, "batches.resume", state)
    done = job.wait(poll=0.01)
    await done if isinstance(caller.client, AsyncSiliconFlowClient) else done
    assert json.loads(state.read_text(encoding="utf-8"))


async def test_the_account_s_endpoint_is_gone(caller: Caller) -> None:
    with pytest.raises(GoneError):
        await result(caller, "user.retrieve")
