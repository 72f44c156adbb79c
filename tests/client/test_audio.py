"""`client.audio` and `client.voices`: sounds out, recordings in."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    MAX_TRANSCRIPTION_BYTES,
    APIResponseError,
    BadRequestError,
    ConfigurationError,
    ServerError,
    SiliconFlowClient,
    Speech,
    StreamInterruptedError,
    Transcription,
    Voice,
)
from siliconflow_simulator import Simulator
from tests.client.callers import Caller, Handler, answering, left_in, settled
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])

COSY = "FunAudioLLM/CosyVoice2-0.5B"
HELLO: dict[str, Any] = {"model": COSY, "input": "Hello there.", "voice": f"{COSY}:alex"}
HEARD: dict[str, Any] = {"model": "FunAudioLLM/SenseVoiceSmall"}
VOICE: dict[str, Any] = {"model": COSY, "customName": "mine", "text": "what I say"}
MP3 = answering(b"ID3sound", content_type="audio/mpeg")


class Noted:
    """Answers always alike; notes what came."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def body(self, number: int = 0) -> Any:
        return json.loads(self.asked[number].content)


def sound() -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "audio/mpeg"}, content=b"ID3sound")


# --- speech -----------------------------------------------------------------------------------


@both
async def test_a_sound_is_bytes_that_can_be_saved(kind: str, tmp_path: Path):
    async with Caller(kind, MP3) as ask:
        made = await settled(ask.client.audio.speech.create(**HELLO))
    assert isinstance(made, Speech)
    assert (made.content, made.read(), made.content_type) == (
        b"ID3sound",
        b"ID3sound",
        "audio/mpeg",
    )
    assert made.trace_id
    path = made.save(tmp_path / "new" / "a.mp3")
    assert path.read_bytes() == b"ID3sound"
    assert made.write_to_file(str(path)) == path
    assert list(path.parent.iterdir()) == [path]
    assert "sound" not in repr(made)


@both
async def test_a_sound_that_may_be_paid_for_is_not_asked_for_twice(kind: str):
    site = Noted(httpx.Response(503, json={"message": "x"}))
    async with Caller(kind, site) as ask:
        with pytest.raises(ServerError):
            await settled(ask.client.audio.speech.create(**HELLO))
    assert len(site.asked) == 1


@both
@pytest.mark.parametrize(
    "answer",
    [
        answering(b'{"code": 5, "message": "nothing to hear"}'),
        answering(b"<html>", content_type="text/html"),
        answering(b"", content_type="audio/mpeg"),
    ],
    ids=["JSON", "HTML", "nothing"],
)
async def test_what_is_no_sound_is_an_unexpected_answer(kind: str, answer: Handler):
    async with Caller(kind, answer) as ask:
        with pytest.raises(APIResponseError):
            await settled(ask.client.audio.speech.create(**HELLO))


@both
async def test_what_is_sent_is_what_was_asked_for(kind: str):
    site = Noted(sound())
    more = {
        "response_format": "wav",
        "sample_rate": 44100,
        "speed": 1.5,
        "gain": -3,
        "stream": True,
    }
    async with Caller(kind, site) as ask:
        await settled(ask.client.audio.speech.create(**HELLO, **more))
    assert site.body() == {**HELLO, **more}


@both
async def test_a_documented_voice_may_be_named_without_its_model(kind: str):
    site = Noted(sound())
    async with Caller(kind, site) as ask:
        for voice in ("claire", "speech:mine:1:2", "other:claire", "newest", ""):
            await settled(ask.client.audio.speech.create(**{**HELLO, "voice": voice}))
    sent = [site.body(number)["voice"] for number in range(5)]
    assert sent == [f"{COSY}:claire", "speech:mine:1:2", "other:claire", "newest", ""]


@both
async def test_a_dialogue_has_references_in_place_of_a_voice(kind: str, tmp_path: Path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF0000WAVEfmt ")
    site = Noted(sound())
    references = [{"audio": "https://x/a.mp3", "text": "one"}, {"audio": path, "text": "two"}]
    talk = {"model": "fnlp/MOSS-TTSD-v0.5", "input": "[S1]Hi.[S2]Ho.", "max_tokens": 1600}
    async with Caller(kind, site) as ask:
        await settled(ask.client.audio.speech.create(**talk, references=references))
    first, second = site.body()["references"]
    assert first == references[0]
    assert second["audio"].startswith("data:audio/wav;base64,")
    assert "voice" not in site.body()


@both
@pytest.mark.parametrize(
    ("argument", "fields"),
    [
        ("input", {"input": " "}),
        ("voice", {"voice": 5}),
        ("sample_rate", {"response_format": "opus", "sample_rate": 44100}),
        ("sample_rate", {"response_format": "mp3", "sample_rate": 96000}),
        ("sample_rate", {"sample_rate": 0}),
        ("speed", {"speed": float("inf")}),
        ("gain", {"gain": "loud"}),
        ("references", {"references": "x"}),
        ("references[0]", {"references": ["x"]}),
        ("references[0].text", {"references": [{"audio": "https://x"}]}),
        ("references[0].audio", {"references": [{"text": "x"}]}),
    ],
)
async def test_what_cannot_be_meant_costs_no_request(kind: str, argument: str, fields: Any):
    site = Noted(sound())
    async with Caller(kind, site) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await settled(ask.client.audio.speech.create(**{**HELLO, **fields}))
        with pytest.raises(ConfigurationError):
            ask.client.audio.speech.stream(**{**HELLO, **fields})
    assert (caught.value.argument, site.asked) == (argument, [])


async def test_a_range_never_refuses_before_the_server_does():
    """A newer model may allow more; mp3 has a form for 16 kHz."""
    site = Noted(sound())
    async with Caller("sync", site) as ask:
        more = {"speed": 9, "gain": 40, "response_format": "mp3", "sample_rate": 16000}
        await settled(ask.client.audio.speech.create(**{**HELLO, **more}))
        await settled(ask.client.audio.speech.create(**{**HELLO, "response_format": "flac"}))
    assert len(site.asked) == 2


@both
@pytest.mark.parametrize(
    ("given", "documented"),
    [
        ({"speed": 9}, "speed 0.25 to 4"),
        ({"gain": 99}, "gain -10 to 10"),
        ({"response_format": "mp3", "sample_rate": 8000}, "sample_rate (samples a second: 48000"),
        ({"response_format": "aiff"}, "response_format mp3, opus, wav, pcm"),
    ],
    ids=["speed", "gain", "sample_rate", "response_format"],
)
async def test_a_refusal_that_names_no_parameter_comes_with_what_is_documented(
    kind: str, given: dict[str, Any], documented: str
):
    async with Caller(kind, Simulator().transport().handler, max_retries=0) as ask:
        with pytest.raises(BadRequestError, match="The parameter is invalid") as caught:
            await settled(ask.client.audio.speech.create(**HELLO, **given))
    assert documented in str(caught.value)


async def saved(ask: Caller, path: Path, way: str) -> Path:
    speech: Any = ask.client.audio.speech
    if way == "stream":
        return await settled(speech.stream(**HELLO).save(path))
    opened = speech.with_streaming_response.create(**HELLO)
    if isinstance(ask.client, SiliconFlowClient):
        with opened as response:
            return response.stream_to_file(path)
    async with opened as response:
        return await response.stream_to_file(path)


@both
@pytest.mark.parametrize("way", ["stream", "with_streaming_response"])
async def test_a_sound_can_go_to_a_file_while_it_is_made(kind: str, way: str, tmp_path: Path):
    async with Caller(kind, Simulator().transport().handler) as ask:
        whole = await settled(ask.client.audio.speech.create(**HELLO))
        path = await saved(ask, tmp_path / "a.mp3", way)
    assert path.read_bytes() == whole.content
    assert left_in(tmp_path) == [path]


@both
@pytest.mark.parametrize("order", ["drop=1", "drop=0", "empty", "html-200", "error-200"])
async def test_a_sound_that_breaks_off_leaves_no_file(kind: str, order: str, tmp_path: Path):
    old = tmp_path / "a.mp3"
    old.write_bytes(b"as it was")
    simulator = Simulator(faults=[order])
    async with Caller(kind, simulator.transport().handler) as ask:
        with pytest.raises((StreamInterruptedError, APIResponseError, ServerError)):
            await saved(ask, old, "stream")
    assert (left_in(tmp_path), old.read_bytes()) == ([old], b"as it was")
    assert len(simulator.requests) == 1


@both
async def test_the_pieces_of_a_sound_can_be_read(kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "av", None)  # an encoder writes its own head first
    async with Caller(kind, Simulator().transport().handler) as ask:
        stream: Any = ask.client.audio.speech.stream(**{**HELLO, "input": "Hello there. " * 50})
        pieces = list(stream) if kind == "sync" else [piece async for piece in stream]
        other = ask.client.audio.speech.with_streaming_response.create(**HELLO)
        first = next(other.iter_bytes()) if kind == "sync" else await anext(other.iter_bytes())
        await settled(other.close() if kind == "sync" else other.aclose())
        with pytest.raises((StopIteration, StopAsyncIteration)):
            next(other) if kind == "sync" else await anext(other)
    assert len(pieces) > 1
    assert first.startswith((b"\xff\xfb", b"ID3"))  # silence, or with the extra `sounds` a sound
    assert stream.trace_id.startswith("ti_")


# --- transcriptions ---------------------------------------------------------------------------


@both
async def test_the_documented_transcription_is_read(kind: str):
    site = answering(INDEX["audio/transcription.json"].content)
    async with Caller(kind, site) as ask:
        heard = await settled(ask.client.audio.transcriptions.create(**HEARD, file=b"RIFF"))
    assert isinstance(heard, Transcription)
    assert (heard.text, heard.raw) == ("你好", {"text": "你好"})


@both
@pytest.mark.parametrize("answer", [{}, {"text": None}, {"text": 5}, []])
async def test_an_answer_without_a_text_is_an_unexpected_one(kind: str, answer: Any):
    async with Caller(kind, Noted(httpx.Response(200, json=answer))) as ask:
        with pytest.raises(APIResponseError):
            await settled(ask.client.audio.transcriptions.create(**HEARD, file=b"RIFF"))


@both
@pytest.mark.parametrize("form", ["path", "text", "bytes", "file", "memory"])
async def test_what_was_said_is_heard_again(kind: str, form: str, tmp_path: Path):
    async with Caller(kind, Simulator().transport().handler) as ask:
        made = await settled(ask.client.audio.speech.create(**HELLO, response_format="wav"))
        path = made.save(tmp_path / "a.wav")
        with path.open("rb") as file:
            sources: dict[str, Any] = {
                "path": path,
                "text": str(path),
                "bytes": made.content,
                "file": file,
                "memory": io.BytesIO(made.content),
            }
            heard = await settled(
                ask.client.audio.transcriptions.create(**HEARD, file=sources[form])
            )
    assert heard.text == HELLO["input"]


@both
@pytest.mark.parametrize("form", ["path", "file"])
async def test_a_retry_reads_the_source_again(kind: str, form: str, tmp_path: Path):
    path = tmp_path / "a.wav"
    path.write_bytes(os.urandom(200_000))
    site = Noted(httpx.Response(503), httpx.Response(200, json={"text": "x"}))
    async with Caller(kind, site) as ask:
        with path.open("rb") as file:
            file.seek(5)
            source: Any = path if form == "path" else file
            await settled(ask.client.audio.transcriptions.create(**HEARD, file=source))
            assert not file.closed
    contents = [request.content for request in site.asked]
    assert len(contents) == 2
    assert all(path.read_bytes() in content for content in contents)
    assert b'filename="a.wav"' in contents[0]
    assert b"SenseVoiceSmall" in contents[0]


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


class Pipe(io.RawIOBase):
    def readable(self) -> bool:
        return True


@both
@pytest.mark.parametrize(
    "source",
    [
        lambda folder: sparse(folder / "a", MAX_TRANSCRIPTION_BYTES + 1),
        lambda folder: sparse(folder / "a", MAX_TRANSCRIPTION_BYTES + 1).open("rb"),
        lambda folder: sparse(folder / "a", 0),
        lambda folder: folder / "nowhere.wav",
        lambda folder: folder,
        lambda folder: "a\0b",
        lambda folder: io.StringIO("text"),
        lambda folder: Pipe(),
        lambda folder: b"",
        lambda folder: None,
        lambda folder: 5,
    ],
    ids=[
        "too large",
        "too large and open",
        "empty",
        "not there",
        "a folder",
        "no path",
        "text",
        "a pipe",
        "no bytes",
        "None",
        "a number",
    ],
)
async def test_a_file_that_cannot_be_sent_costs_no_request(kind: str, source: Any, tmp_path: Path):
    site = Noted(httpx.Response(200, json={"text": "x"}))
    made = source(tmp_path)
    async with Caller(kind, site) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await settled(ask.client.audio.transcriptions.create(**HEARD, file=made))
    assert (caught.value.argument, site.asked) == ("file", [])
    if isinstance(made, io.IOBase):
        made.close()


@both
async def test_the_largest_file_is_sent(kind: str, tmp_path: Path):
    path = sparse(tmp_path / "a.wav", MAX_TRANSCRIPTION_BYTES)
    site = Noted(httpx.Response(200, json={"text": "x"}))
    async with Caller(kind, site) as ask:
        await settled(ask.client.audio.transcriptions.create(**HEARD, file=path))
    assert int(site.asked[0].headers["content-length"]) > MAX_TRANSCRIPTION_BYTES


# --- voices -----------------------------------------------------------------------------------


@both
async def test_the_documented_answers_about_voices_are_read(kind: str):
    uri = INDEX["audio/voice_upload.json"].json()["uri"]
    async with Caller(kind, answering(INDEX["audio/voice_upload.json"].content)) as ask:
        made = await settled(ask.client.voices.create(**VOICE, file=b"ID3"))
    assert isinstance(made, Voice)
    assert (made.uri, made.name, made.model, made.text) == (uri, "mine", COSY, "what I say")
    async with Caller(kind, answering(INDEX["audio/voice_list.json"].content)) as ask:
        (listed,) = await settled(ask.client.voices.list())
    assert (listed.uri, listed.name, listed.text) == (uri, "your-voice-name", "sample text")


@both
@pytest.mark.parametrize("answer", [{}, {"results": None}, {"results": []}, {"result": []}])
async def test_no_voices_are_an_empty_list(kind: str, answer: Any):
    async with Caller(kind, Noted(httpx.Response(200, json=answer))) as ask:
        assert await settled(ask.client.voices.list()) == []


@both
@pytest.mark.parametrize("form", ["file", "audio", "data URI"])
async def test_a_voice_is_made_used_and_deleted(kind: str, form: str, tmp_path: Path):
    path = tmp_path / "me.mp3"
    path.write_bytes(b"ID3" + bytes(range(256)))
    recording: dict[str, Any] = {
        "file": {"file": path},
        "audio": {"audio": path},
        "data URI": {"audio": "data:audio/mpeg;base64,SUQz"},
    }[form]
    simulator = Simulator()
    async with Caller(kind, simulator.transport().handler) as ask:
        voices = ask.client.voices
        made = await settled(voices.create(**VOICE, **recording))
        assert [voice.uri for voice in await settled(voices.list())] == [made.uri]
        await settled(ask.client.audio.speech.create(**{**HELLO, "voice": made.uri}))
        assert await settled(voices.delete(made)) is None
        assert await settled(voices.list()) == []
    sent = simulator.requests[0].headers["content-type"]
    assert sent.startswith("multipart/" if form == "file" else "application/json")


@both
@pytest.mark.parametrize(
    ("argument", "fields"),
    [
        ("file", {}),
        ("file", {"file": b"x", "audio": b"y"}),
        ("file", {"file": "/nowhere/x.mp3"}),
        ("audio", {"audio": b""}),
        ("customName", {"file": b"x", "customName": ""}),
        ("text", {"file": b"x", "text": None}),
        ("model", {"file": b"x", "model": None}),
    ],
)
async def test_a_voice_that_cannot_be_made_costs_no_request(kind: str, argument: str, fields: Any):
    site = Noted(httpx.Response(200, json={"uri": "speech:x"}))
    async with Caller(kind, site) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await settled(ask.client.voices.create(**{**VOICE, **fields}))
    assert (caught.value.argument, site.asked) == (argument, [])


@both
async def test_a_voice_is_uploaded_once_and_an_empty_name_is_not_deleted(kind: str):
    site = Noted(httpx.Response(500))
    async with Caller(kind, site) as ask:
        with pytest.raises(ServerError):
            await settled(ask.client.voices.create(**VOICE, file=b"ID3"))
        with pytest.raises(ConfigurationError):
            await settled(ask.client.voices.delete(""))
    assert len(site.asked) == 1
