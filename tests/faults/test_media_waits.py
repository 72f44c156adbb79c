"""No call of a media tool takes longer than `max_wait`, whatever the server and the storage do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from siliconflow_client import APITimeoutError, MediaSettings
from tests.client.callers import Caller, left_in, settled
from tests.faults.server import Drip, FaultServer, Reply, Stall, body, head

WAV = b"RIFF\0\0\0\0WAVE" + bytes(40)
CALLS: dict[str, dict[str, Any]] = {
    "generate_image": {"prompt": "a"},
    "create_speech": {"text": "a"},
    "transcribe_audio": {"file": "said.wav"},
    "submit_video": {"prompt": "a"},
    "video_status": {"request_id": "r1"},
}
SILENT: Reply = [Stall]
SLOW: Reply = [head(200, "audio/mpeg", length=9000), Drip(b"x" * 9000, 0.05)]


@pytest.mark.parametrize("reply", [SILENT, SLOW], ids=["no answer", "one byte each 50 ms"])
@pytest.mark.parametrize("tool", CALLS)
async def test_a_server_that_says_nothing_is_left(
    kind: str, tool: str, reply: Reply, tmp_path: Path
):
    (tmp_path / "said.wav").write_bytes(WAV)
    with FaultServer(reply) as server:
        async with Caller(kind, base_url=server.url) as ask:
            media = ask.client.media_tools(MediaSettings(folder=tmp_path, max_wait=0.2))
            with pytest.raises(APITimeoutError) as caught:
                await settled(media.call(tool, CALLS[tool]))
    assert (caught.value.phase, caught.value.limit) == ("deadline", 0.2)
    assert ask.waits == []
    assert [path.name for path in left_in(tmp_path)] == ["said.wav"]


@pytest.mark.parametrize(
    "storage",
    [[Stall], [head(200, "image/png", length=9000), Drip(b"x" * 9000, 0.05)]],
    ids=["no answer", "one byte each 50 ms"],
)
@pytest.mark.parametrize("tool", ["generate_image", "video_status"])
async def test_a_storage_that_gives_nothing_is_left_too(
    kind: str, tool: str, storage: Reply, tmp_path: Path
):
    with FaultServer(storage) as files:
        urls = [{"url": f"http://127.0.0.1:{files.port}/a.png"}]
        told = {"images": urls, "status": "Succeed", "results": {"videos": urls}}
        with FaultServer(body(json.dumps(told).encode())) as server:
            async with Caller(kind, base_url=server.url) as ask:
                media = ask.client.media_tools(MediaSettings(folder=tmp_path, max_wait=0.3))
                with pytest.raises(APITimeoutError) as caught:
                    await settled(media.call(tool, CALLS[tool]))
    assert (caught.value.phase, caught.value.limit) == ("deadline", 0.3)
    assert left_in(tmp_path) == []
