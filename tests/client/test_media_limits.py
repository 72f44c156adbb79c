"""The media tools wait no longer than they may, and show and fetch nothing that a model said."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    MEDIA_TOOLS,
    APIResponseError,
    APITimeoutError,
    CallOptions,
    ConfigurationError,
    ContentRejectedError,
    JobFailedError,
    MediaSettings,
    SiliconFlowError,
)
from siliconflow_client.media.tools import media_plan
from siliconflow_client.protocol.flow import RequestContext
from siliconflow_client.protocol.retry import RetryPolicy
from siliconflow_simulator import Simulator
from tests.client.asker import MADE, PROMPT, SEVERAL_LINES, Asker
from tests.client.by_hand import Hand, Reply
from tests.client.callers import KEY, Caller, left_in, settled

both = pytest.mark.parametrize("kind", ["sync", "async"])


# --- nobody waits longer ------------------------------------------------------------------


def status(word: str, **fields: Any) -> Reply:
    return Reply(200, [json.dumps({"status": word, **fields}).encode()])


def look(hand: Hand, **settings: Any) -> Any:
    checked = MediaSettings(**settings)
    plan = media_plan("video_status", {"request_id": "r1"}, checked)
    return hand.run(plan.flow(RequestContext("h", RetryPolicy(3, checked.max_wait), lambda: 1.0)))


@pytest.mark.parametrize(("max_wait", "poll"), [(300, 5), (300, 7), (12, 5), (5, 5), (0.5, 5), (1, 0.3)])  # fmt: skip
@pytest.mark.parametrize("seconds_per_look", [0.0, 2.0])
def test_a_film_that_is_never_made_holds_nobody_up(
    max_wait: float, poll: float, seconds_per_look: float
):
    hand = Hand([status("InProgress")], seconds_per_look)
    told = look(hand, max_wait=max_wait, poll=poll)
    assert (told.status, told.files) == ("InProgress", ())
    assert hand.clock < max_wait or hand.sent == 1
    assert hand.clock + poll + seconds_per_look >= max_wait, "it may wait as long as it was told"
    assert set(hand.waits) <= {poll}


@pytest.mark.parametrize("word", ["Paused", "", "Succeeding", "failed later"])
def test_a_word_that_nobody_documents_is_no_reason_to_wait_for_ever(word: str):
    hand = Hand([status(word or "?")])
    assert look(hand, max_wait=20).status == (word or "?")
    assert hand.clock < 20


def test_a_look_that_is_not_answered_in_time_is_a_failure_and_no_state():
    late = APITimeoutError("Timed out.", phase="deadline", limit=300)
    with pytest.raises(APITimeoutError):
        look(Hand([late]))
    told = look(Hand([status("InQueue", position=3), late]))
    assert (told.status, told.position) == ("InQueue", 3)


def test_a_connection_that_fails_is_a_failure_and_no_state():
    broken = APITimeoutError("Timed out.", phase="read", limit=300)
    with pytest.raises(APITimeoutError):
        look(Hand([status("InQueue"), broken]))


def test_a_film_that_is_made_but_not_fetched_in_time_is_a_failure(tmp_path: Path):
    made = status("Succeed", results={"videos": [{"url": "https://s.example.com/a.mp4"}]})
    late = APITimeoutError("Timed out.", phase="deadline", limit=300)
    with pytest.raises(APITimeoutError):
        look(Hand([made, late]), folder=tmp_path)
    assert left_in(tmp_path) == []


@both
async def test_a_film_that_failed_is_an_error_that_tells_why(kind: str, tmp_path: Path):
    def failed(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"status": "Failed", "reason": "content risk"})

    async with Asker(kind, failed, tmp_path) as ask:
        with pytest.raises(JobFailedError, match="content risk"):
            await ask.tool("video_status", request_id="r1")


@both
async def test_a_shorter_deadline_of_the_client_counts(kind: str, tmp_path: Path):
    (tmp_path / "a.wav").write_bytes(b"RIFF\0\0\0\0WAVE" + bytes(40))
    limited = httpx.Response(429, json={"message": "rate limiting"}, headers={"retry-after": "8"})
    for limits, waits in (
        ({"max_wait": 7}, []),
        ({"max_wait": 9}, [8.0]),
        ({"max_wait": 300, "deadline": 7}, []),
        ({"max_wait": 7, "deadline": 300}, []),
        ({"max_wait": 300, "options": CallOptions(deadline=7)}, []),
        ({"max_wait": 300, "options": CallOptions(timeout=9), "deadline": 7}, []),
        ({"max_wait": 300, "options": CallOptions(max_retries=0)}, []),
    ):
        async with Caller(kind, lambda _: limited, deadline=limits.pop("deadline", None), max_retries=1) as ask:  # fmt: skip
            options = limits.pop("options", None)
            media = ask.client.media_tools(
                MediaSettings(folder=tmp_path, **limits), options=options
            )
            with pytest.raises(SiliconFlowError):
                await settled(media.call("transcribe_audio", {"file": "a.wav"}))
            assert ask.waits == waits


# --- nothing of a prompt ------------------------------------------------------------------


@both
@pytest.mark.parametrize("tool", MADE)
@pytest.mark.parametrize(
    "echo",
    [
        PROMPT,
        PROMPT[:50],
        f"{PROMPT} {KEY}",
        SEVERAL_LINES.replace("\n", " "),
        json.dumps(SEVERAL_LINES)[1:60],
    ],
    ids=["whole", "cut", "with a key", "in one line", "as JSON"],
)
async def test_a_prompt_that_the_server_repeats_is_not_in_the_error(
    kind: str, tool: str, echo: str, tmp_path: Path
):
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(451, json={"code": 20021, "message": f"Refused: {echo}"})

    async with Asker(kind, refuse, tmp_path) as ask:
        with pytest.raises(ContentRejectedError) as caught:
            said = PROMPT if PROMPT[:50] in echo else SEVERAL_LINES
            await ask.tool(tool, **dict.fromkeys(MADE[tool], said))
    error = pickle.loads(pickle.dumps(caught.value))
    for text in (str(caught.value), repr(caught.value), str(error), repr(error)):
        assert "lighthouse" not in text
        assert "灯塔" not in text
        assert "\\u706f" not in text
        assert KEY not in text
    assert "20021: Refused: …" in str(caught.value)


@pytest.mark.parametrize("tool", MADE)
def test_a_plan_shows_no_prompt_where_variables_are_shown(tool: str):
    assert "lighthouse" not in repr(media_plan(tool, MADE[tool], MediaSettings()))


@both
async def test_a_prompt_of_megabytes_is_refused_by_its_length(kind: str, tmp_path: Path):
    simulator = Simulator()
    huge = PROMPT * 100_000
    async with Asker(kind, simulator.transport().handler, tmp_path) as ask:
        for tool, arguments in MADE.items():
            with pytest.raises(ConfigurationError) as caught:
                await ask.tool(tool, **dict.fromkeys(arguments, huge))
            assert "lighthouse" not in str(caught.value)
            assert len(str(caught.value)) < 300
            assert caught.value.argument in arguments
            assert caught.value.__context__ is None, "pydantic's error holds what was given"
    assert simulator.requests == []


@both
@pytest.mark.parametrize(
    ("tool", "arguments", "argument"),
    [
        ("generate_image", {}, "prompt"),
        ("generate_image", {"prompt": "  "}, "prompt"),
        ("generate_image", {"prompt": ["a", PROMPT]}, "prompt"),
        ("generate_image", {"prompt": "a", "image_size": "../x"}, "image_size"),
        ("generate_image", {"prompt": "a", "model": "other"}, "arguments"),
        ("generate_image", {"prompt": "a", "output_path": "/tmp/a.png"}, "arguments"),
        ("generate_image", {"prompt": "a", PROMPT: 1}, "arguments"),
        ("edit_image", {"prompt": "a", "images": []}, "images"),
        ("edit_image", {"prompt": "a", "images": ["a"] * 4}, "images"),
        ("edit_image", {"prompt": "a", "images": [{"url": "http://a"}]}, "images[0]"),
        ("create_speech", {"text": "a", "voice": "nobody"}, "voice"),
        ("create_speech", {"text": "a", "speed": float("nan")}, "speed"),
        ("transcribe_audio", {"file": 7}, "file"),
        ("submit_video", {"prompt": "a", "image_size": "1x1"}, "image_size"),
        ("video_status", {"request_id": "r" * 201}, "request_id"),
        ("video_status", {"request_id": ""}, "request_id"),
    ],
)
async def test_wrong_arguments_cost_no_request_and_are_named(
    kind: str, tool: str, arguments: dict[str, Any], argument: str, tmp_path: Path
):
    simulator = Simulator()
    async with Asker(kind, simulator.transport().handler, tmp_path) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await ask.tool(tool, **arguments)
    assert caught.value.argument == argument
    assert MEDIA_TOOLS[tool].can_go_on(caught.value)
    assert "lighthouse" not in str(caught.value)
    assert "/tmp" not in str(caught.value)
    assert simulator.requests == []


async def test_what_a_model_left_open_is_not_sent(tmp_path: Path):
    simulator = Simulator()
    async with Asker("sync", simulator.transport().handler, tmp_path) as ask:
        await ask.tool("generate_image", prompt=" a cat ", seed=None, image_size=None)
    assert simulator.requests[0].body == {"model": "Qwen/Qwen-Image", "prompt": "a cat"}


async def test_a_tool_that_does_not_exist_is_refused(tmp_path: Path):
    async with Asker("sync", Simulator().transport().handler, tmp_path) as ask:
        with pytest.raises(ConfigurationError, match="video_status"):
            await ask.tool("delete_files")


@both
@pytest.mark.parametrize("tool", ["generate_image", "video_status"])
async def test_a_file_that_is_too_large_is_not_kept(kind: str, tool: str, tmp_path: Path):
    files = [{"url": "https://s.example.com/a"}]
    told = {"images": files, "status": "Succeed", "results": {"videos": files}}

    def site(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json=told)
        return httpx.Response(200, headers={"content-type": "image/png"}, content=bytes(1001))

    arguments = {"generate_image": {"prompt": "a"}, "video_status": {"request_id": "r1"}}[tool]
    async with Asker(kind, site, tmp_path, max_bytes=1000) as ask:
        with pytest.raises(APIResponseError, match="more than 1,000 bytes"):
            await ask.tool(tool, **arguments)
    assert left_in(tmp_path) == []


# --- nothing is fetched that a model or a user named --------------------------------------


@both
async def test_only_hosts_that_the_answer_named_are_asked(kind: str, tmp_path: Path):
    asked: list[str] = []

    def site(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.method == "POST":
            return httpx.Response(200, json={"images": [{"url": "https://s.example.com/a.png"}]})
        return httpx.Response(302, headers={"location": "https://evil.example.com/b.png"})

    async with Asker(kind, site, tmp_path) as ask:
        with pytest.raises(APIResponseError):
            await ask.tool("generate_image", prompt="like https://evil.example.com/b.png")
    assert [url.split("/")[2] for url in asked] == ["api.siliconflow.cn", "s.example.com"]
    assert left_in(tmp_path) == []
