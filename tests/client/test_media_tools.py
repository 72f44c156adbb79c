"""`client.media_tools`: six tools, one folder, and who makes what."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from siliconflow_client import (
    MEDIA_TOOLS,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    MediaSettings,
    SiliconFlowError,
    lookup_model,
    parameters_of,
)
from siliconflow_client.media.arguments import VideoSize
from siliconflow_simulator import Simulator
from tests.client.asker import PROMPT, Asker
from tests.client.callers import KEY, left_in

both = pytest.mark.parametrize("kind", ["sync", "async"])


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


async def test_a_model_may_choose_among_the_voices(tmp_path: Path):
    simulator = Simulator()
    async with Asker("sync", simulator.transport().handler, tmp_path, voice="bella") as ask:
        await ask.tool("create_speech", text="Hi")
        await ask.tool("create_speech", text="Hi", voice="david")
    voices = [request.body["voice"].partition(":")[2] for request in simulator.requests]
    assert voices == ["bella", "david"]


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


@both
async def test_an_editor_of_another_form_is_sent_its_own_field(kind: str, tmp_path: Path):
    simulator = Simulator()
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))
    model = "black-forest-labs/FLUX.1-Kontext-dev"
    async with Asker(kind, simulator.transport().handler, tmp_path, edit_model=model) as ask:
        await ask.tool("edit_image", prompt="blue", images=["a.png"])
        assert set(simulator.requests[0].body) == {"model", "prompt", "input_image"}
        with pytest.raises(ConfigurationError, match="edits 1 at a time") as caught:
            await ask.tool("edit_image", prompt="blue", images=["a.png", "a.png"])
    assert MEDIA_TOOLS["edit_image"].can_go_on(caught.value)


@both
async def test_what_the_developer_decides_wins_over_what_the_model_says(kind: str, tmp_path: Path):
    simulator = Simulator()
    async with Asker(
        kind,
        simulator.transport().handler,
        tmp_path,
        image_parameters={"num_inference_steps": 5, "batch_size": 3, "image_size": "1328x1328"},
        speech_parameters={"sample_rate": 32000, "gain": 2},
        video_parameters={"seed": 5},
    ) as ask:
        images = await ask.tool("generate_image", prompt="a", image_size="928x1664")
        await ask.tool("create_speech", text="a")
        await ask.tool("submit_video", prompt="a", seed=9)
    bodies = [request.body for request in simulator.requests if request.method == "POST"]
    assert (bodies[0]["num_inference_steps"], bodies[0]["image_size"]) == (5, "1328x1328")
    assert (bodies[1]["sample_rate"], bodies[1]["gain"], bodies[2]["seed"]) == (32000, 2, 5)
    assert len(images.files) == 3
    assert all(path.name in images.text for path in images.files)


# --- who can go on ------------------------------------------------------------------------


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


# --- settings and tables ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_wait", 0),
        ("max_wait", -1),
        ("max_wait", float("inf")),
        ("max_wait", float("nan")),
        ("max_wait", "long"),
        ("poll", 0),
        ("max_bytes", 0),
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
        assert (facts.known, facts.kind, facts.retired) == (True, kind, None), name


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
