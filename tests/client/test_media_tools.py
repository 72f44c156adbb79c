"""`client.media_tools`: six tools, one folder, bounded waits, nothing of a prompt in an error."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from siliconflow_client import (
    MEDIA_TOOLS,
    APIResponseError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    CallOptions,
    ConfigurationError,
    ContentRejectedError,
    JobFailedError,
    MediaSettings,
    SiliconFlowError,
    lookup_model,
    parameters_of,
)
from siliconflow_client.media.arguments import VideoSize
from siliconflow_client.media.tools import media_plan
from siliconflow_client.protocol.flow import RequestContext
from siliconflow_client.protocol.retry import RetryPolicy
from siliconflow_simulator import Simulator
from tests.client.by_hand import Hand, Reply
from tests.client.callers import KEY, Caller, left_in, settled

both = pytest.mark.parametrize("kind", ["sync", "async"])

PROMPT = "A lighthouse that nobody has ever seen before, painted on a Thursday in the rain"
MADE = {
    "generate_image": {"prompt": PROMPT},
    "create_speech": {"text": PROMPT},
    "submit_video": {"prompt": PROMPT},
}


class Asker(Caller):
    """A client with media tools in a folder."""

    def __init__(self, kind: str, handler: Any, folder: Path, **settings: Any) -> None:
        client = {name: settings.pop(name) for name in ("deadline",) if name in settings}
        super().__init__(kind, handler, max_retries=0, **client)
        self.tools = self.client.media_tools(MediaSettings(folder=folder, **settings))

    async def tool(self, name: str, **arguments: Any) -> Any:
        return await settled(self.tools.call(name, arguments))


@both
async def test_images_are_made_and_edited_inside_the_folder(kind: str, tmp_path: Path):
    simulator = Simulator()
    folder = tmp_path / "deep" / "out"
    async with Asker(kind, simulator.transport().handler, folder) as ask:
        first = await ask.tool("generate_image", prompt="a cat", image_size="1664x928", seed=7)
        name = first.files[0].name
        second = await ask.tool("edit_image", prompt="a blue cat", images=[name, name, name])
    assert (first.seed, first.text) == (7, f"The image is saved as {name} (seed 7).")
    assert sorted(left_in(folder)) == sorted([*first.files, *second.files])
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in left_in(folder))
    asked = [request for request in simulator.requests if request.method == "POST"]
    assert asked[0].body == {
        "model": "Qwen/Qwen-Image",
        "prompt": "a cat",
        "image_size": "1664x928",
        "seed": 7,
    }
    assert asked[1].body["model"] == "Qwen/Qwen-Image-Edit-2509"
    assert {"image", "image2", "image3"} <= set(asked[1].body)


@both
@pytest.mark.parametrize("form", ["mp3", "wav", "opus", "pcm"])
async def test_what_is_spoken_can_be_written_down_again(kind: str, form: Any, tmp_path: Path):
    simulator = Simulator()
    async with Asker(kind, simulator.transport().handler, tmp_path, speech_format=form) as ask:
        spoken = await ask.tool("create_speech", text="Good morning.", speed=1.5)
        (path,) = spoken.files
        assert path.suffix == {"opus": ".ogg"}.get(form, f".{form}")
        assert spoken.text == f"The speech is saved as {path.name}."
        if form == "pcm":
            return  # bare samples are no recording that anyone could know by its content
        heard = await ask.tool("transcribe_audio", file=path.name)
    assert (heard.text, heard.files) == ("Good morning.", ())
    assert simulator.requests[0].body == {
        "model": "FunAudioLLM/CosyVoice2-0.5B",
        "input": "Good morning.",
        "voice": "FunAudioLLM/CosyVoice2-0.5B:alex",
        "response_format": form,
        "speed": 1.5,
    }


@both
async def test_silence_is_said_to_be_silence(kind: str, tmp_path: Path):
    (tmp_path / "a.wav").write_bytes(b"RIFF\0\0\0\0WAVE" + bytes(40))
    async with Asker(kind, lambda _: httpx.Response(200, json={"text": ""}), tmp_path) as ask:
        heard = await ask.tool("transcribe_audio", file="a.wav")
    assert heard.text == "Nothing is said in the recording."


async def test_a_text_of_megabytes_is_cut_for_the_model_that_reads_it(tmp_path: Path):
    (tmp_path / "a.wav").write_bytes(b"RIFF\0\0\0\0WAVE" + bytes(40))
    long = httpx.Response(200, json={"text": "word " * 1_000_000})
    async with Asker("sync", lambda _: long, tmp_path) as ask:
        heard = await ask.tool("transcribe_audio", file="a.wav")
    assert len(heard.text) < 201_000
    assert heard.text.endswith("… (The rest of 5,000,000 characters is left out.)")


async def test_an_id_of_megabytes_is_not_read_out(tmp_path: Path):
    long = httpx.Response(200, json={"requestId": "r\x1b" * 1_000_000, "status": "w" * 1_000_000})
    async with Asker("sync", lambda _: long, tmp_path, max_wait=1) as ask:
        ordered = await ask.tool("submit_video", prompt="a")
        state = await ask.tool("video_status", request_id="r1")
    assert len(ordered.text) + len(json.dumps(ordered.artifact)) < 2000
    assert "\x1b" not in ordered.text
    assert len(state.text) + len(json.dumps(state.artifact)) < 400


@both
async def test_a_film_is_ordered_at_once_and_asked_for_until_it_is_there(kind: str, tmp_path: Path):
    simulator = Simulator()
    async with Asker(kind, simulator.transport().handler, tmp_path, max_wait=1) as ask:
        ordered = await ask.tool("submit_video", prompt="waves", image_size="960x960")
        assert [request.path for request in simulator.requests] == ["/v1/video/submit"]
        told = [await ask.tool("video_status", request_id=ordered.request_id) for _ in range(4)]
        assert ask.waits == [], "a wait of five seconds would outlast the second"
    assert simulator.requests[0].body["model"] == "Wan-AI/Wan2.2-T2V-A14B"
    assert [(one.status, one.position) for one in told] == [
        ("InQueue", 2),
        ("InQueue", 1),
        ("InProgress", 0),
        ("Succeed", 0),
    ]
    assert "place 2 in the queue" in told[0].text
    assert "again" in told[2].text
    assert left_in(tmp_path) == list(told[3].files)
    assert told[3].text == f"The film is saved as {told[3].files[0].name}."


@both
async def test_a_film_that_begins_with_an_image_has_the_model_for_it(kind: str, tmp_path: Path):
    simulator = Simulator()
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))
    async with Asker(kind, simulator.transport().handler, tmp_path) as ask:
        await ask.tool("submit_video", prompt="waves", image="a.png")
    assert simulator.requests[0].body["model"] == "Wan-AI/Wan2.2-I2V-A14B"
    assert simulator.requests[0].body["image"].startswith("data:image/png;base64,")


# --- nobody waits longer ---------------------------------------------------------------------


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


# --- nothing of a prompt ---------------------------------------------------------------------


@both
@pytest.mark.parametrize("tool", MADE)
@pytest.mark.parametrize("echo", [PROMPT, PROMPT[:50], f"{PROMPT} {KEY}"])
async def test_a_prompt_that_the_server_repeats_is_not_in_the_error(
    kind: str, tool: str, echo: str, tmp_path: Path
):
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(451, json={"code": 20021, "message": f"Refused: {echo}"})

    async with Asker(kind, refuse, tmp_path) as ask:
        with pytest.raises(ContentRejectedError) as caught:
            await ask.tool(tool, **MADE[tool])
    error = pickle.loads(pickle.dumps(caught.value))
    for text in (str(caught.value), repr(caught.value), str(error), repr(error)):
        assert "lighthouse" not in text
        assert KEY not in text
    assert "20021: Refused: …" in str(caught.value)


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


# --- nothing is fetched that a model or a user named ----------------------------------------


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


# --- who can go on ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "can_go_on"),
    [
        (400, {"code": 20015, "message": "bad size"}, True),
        (404, {"code": 20063, "message": "expired"}, True),
        (429, {"message": "rate limiting"}, True),
        (451, {"code": 20021, "message": "refused"}, True),
        (503, {"code": 50505, "message": "busy"}, True),
        (400, {"code": 20012, "message": "Model does not exist."}, False),
        (401, {"code": 30014, "message": "Token is invalid."}, False),
        (402, {"code": 30001, "message": "balance"}, False),
        (403, {"code": 30003, "message": "Model disabled."}, False),
        (410, {"code": 20092, "message": "retired"}, False),
    ],
)
async def test_an_agent_can_go_on_where_it_can_do_something(
    status: int, body: Any, can_go_on: bool, tmp_path: Path
):
    async with Asker("sync", lambda _: httpx.Response(status, json=body), tmp_path) as ask:
        for tool in ("generate_image", "video_status"):
            with pytest.raises(SiliconFlowError) as caught:
                await ask.tool(tool, **{"generate_image": {"prompt": "a"}}.get(tool, {"request_id": "r"}))  # fmt: skip
            assert MEDIA_TOOLS[tool].can_go_on(caught.value) is can_go_on


async def test_a_folder_that_cannot_be_written_to_is_for_the_developer_to_hear(tmp_path: Path):
    (tmp_path / "out").write_text("a file")
    async with Asker("sync", Simulator().transport().handler, tmp_path / "out") as ask:
        with pytest.raises(ConfigurationError) as caught:
            await ask.tool("create_speech", text="Hi")
    assert caught.value.argument == "folder"
    assert not MEDIA_TOOLS["create_speech"].can_go_on(caught.value)


# --- settings and tables ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_wait", 0),
        ("max_wait", -1),
        ("max_wait", float("inf")),
        ("max_wait", float("nan")),
        ("max_wait", "long"),
        ("poll", 0),
        ("folder", 5),
        ("speech_format", "aiff"),
        ("image_model", None),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_by_name(name: str, value: Any):
    with pytest.raises(ConfigurationError, match=name) as caught:
        MediaSettings(**{name: value})
    assert caught.value.argument == name
    assert caught.value.__context__ is None


def test_settings_are_copied():
    assert copy.deepcopy(MediaSettings(max_wait=7)) == MediaSettings(max_wait=7)


def test_the_default_models_are_of_their_kind_and_not_retired():
    kinds = {
        "image_model": "image",
        "edit_model": "image",
        "speech_model": "speech",
        "transcription_model": "transcription",
        "video_model": "video",
        "image_video_model": "video",
    }
    assert set(kinds) == {name for name in MediaSettings.model_fields if name.endswith("_model")}
    for name, kind in kinds.items():
        facts = lookup_model(getattr(MediaSettings(), name))
        assert (facts.known, facts.kind, facts.retired) == (True, kind, False), name


def test_the_sizes_of_films_are_those_of_the_parameter_table():
    assert get_args(VideoSize) == parameters_of("video")["image_size"].choices


@pytest.mark.parametrize("tool", MEDIA_TOOLS.values(), ids=list(MEDIA_TOOLS))
def test_a_model_is_told_of_every_argument_and_may_say_no_other(tool: Any):
    schema = tool.arguments.model_json_schema()
    assert schema["additionalProperties"] is False
    assert all(field["description"] for field in schema["properties"].values())
    assert not {"model", "url", "path", "folder", "output_path"} & set(schema["properties"])


async def test_an_artifact_is_plain_json(tmp_path: Path):
    async with Asker("sync", Simulator().transport().handler, tmp_path) as ask:
        made = await ask.tool("generate_image", prompt="a cat", seed=7)
    assert json.loads(json.dumps(made.artifact)) == made.artifact
    assert made.artifact == {
        "files": [str(made.files[0])],
        "seed": 7,
        "trace_id": made.trace_id,
    }
    assert str(made) == made.text


async def test_a_wrong_key_is_named_and_not_shown(tmp_path: Path):
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"code": 30014, "message": f"{KEY} is invalid"})

    async with Asker("sync", refuse, tmp_path) as ask:
        with pytest.raises(AuthenticationError) as caught:
            await ask.tool("generate_image", prompt="a")
    assert KEY not in str(caught.value) + repr(caught.value)


async def test_an_error_without_a_prompt_stays_as_it_is(tmp_path: Path):
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"code": 20015, "message": "The size is wrong."})

    async with Asker("sync", refuse, tmp_path) as ask:
        with pytest.raises(BadRequestError) as caught:
            await ask.tool("generate_image", prompt=PROMPT)
    assert caught.value.message == "The size is wrong."
