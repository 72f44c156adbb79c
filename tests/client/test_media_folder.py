"""A model names files of one folder, and reaches nothing else with any text."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path

import pytest

from siliconflow_client import ConfigurationError, MediaSettings
from siliconflow_simulator import Simulator
from tests.client.callers import Caller, settled

both = pytest.mark.parametrize("kind", ["sync", "async"])

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(28)

TOOLS = [
    ("edit_image", lambda name: {"prompt": "blue", "images": [name]}, "images[0]"),
    ("edit_image", lambda name: {"prompt": "blue", "images": ["mine.png", name]}, "images[1]"),
    ("transcribe_audio", lambda name: {"file": name}, "file"),
    ("submit_video", lambda name: {"prompt": "waves", "image": name}, "image"),
]
OUTSIDE = {
    "a path upwards": "../../etc/passwd",
    "one step upwards": "../outside.png",
    "the folder above": "..",
    "the folder itself": ".",
    "an absolute path": "/etc/passwd",
    "a subfolder": "inner/deep.png",
    "a path with backslashes": "..\\outside.png",
    "a drive": "C:outside.png",
    "a home": "~/outside.png",
    "http": "http://127.0.0.1:9/a.png",
    "https": "https://example.com/a.png",
    "a file URL": "file:///etc/passwd",
    "a file URL without slashes": "file:etc",
    "data": "data:image/png;base64,iVBORw0KGgo=",
    "data without a slash": "data:,x",
    "NUL": "mine.png\0.txt",
    "NUL alone": "\0",
    "a line end": "two\nlines.png",
    "half a character": "\ud800.png",
    "a hidden file": ".secret.png",
    "nothing": "",
    "white space": "   ",
    "a name of megabytes": "a" * 5_000_000,
    "a link out": "link-out.png",
    "a link inside": "link-in.png",
    "a link to a folder": "link-folder",
    "a dead link": "link-dead",
    "a folder": "inner",
    "a pipe": "pipe.png",
    "a file that is not there": "other.png",
    "a text": "notes.txt",
    "a text that is called an image": "notes.png",
    "an empty file": "empty.png",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with media, with things that are none, and with ways out."""
    made = tmp_path / "out"
    (made / "inner").mkdir(parents=True)
    for name, content in {
        "mine.png": PNG,
        "said.wav": WAV,
        "inner/deep.png": PNG,
        ".secret.png": PNG,
        "notes.txt": b"TOP SECRET",
        "notes.png": b"TOP SECRET",
        "empty.png": b"",
        "two\nlines.png": PNG,
        "../outside.png": PNG,
    }.items():
        (made / name).write_bytes(content)
    (made / "link-out.png").symlink_to("../outside.png")
    (made / "link-in.png").symlink_to("mine.png")
    (made / "link-folder").symlink_to(tmp_path)
    (made / "link-dead").symlink_to("nowhere")
    os.mkfifo(made / "pipe.png")
    return made


@both
@pytest.mark.parametrize("name", OUTSIDE.values(), ids=list(OUTSIDE))
async def test_what_is_no_medium_of_the_folder_is_not_sent(kind: str, name: str, folder: Path):
    simulator = Simulator()
    errors: list[ConfigurationError] = []
    async with Caller(kind, simulator.transport().handler) as ask:
        media = ask.client.media_tools(MediaSettings(folder=folder))
        for tool, arguments, _ in TOOLS:
            with pytest.raises(ConfigurationError) as caught:
                await settled(media.call(tool, arguments(name)))
            errors.append(caught.value)
    assert simulator.requests == []
    assert [error.argument for error in errors] == [argument for _, _, argument in TOOLS]
    for error in errors:
        text = str(error)
        assert len(text) < 500
        assert "SECRET" not in text
        assert name.strip() not in error.message or len(name.strip()) < 3
        # It says what is there, so that a model that mistook a name can go on.
        if "was not called" not in text:
            known = "empty.png, mine.png, notes.png, notes.txt, said.wav"
            assert error.hint == f"the folder holds: {known}."


@both
@pytest.mark.parametrize(("tool", "arguments", "argument"), TOOLS[:2] + TOOLS[3:])
async def test_an_image_of_the_folder_is_sent(
    kind: str, tool: str, arguments, argument: str, folder: Path
):
    simulator = Simulator()
    async with Caller(kind, simulator.transport().handler) as ask:
        media = ask.client.media_tools(MediaSettings(folder=folder))
        result = await settled(media.call(tool, arguments("mine.png")))
    assert result.files or result.request_id
    uri = f"data:image/png;base64,{b64encode(PNG).decode()}"
    assert uri in (simulator.requests[0].body or {}).values()


@both
async def test_a_recording_of_the_folder_is_sent(kind: str, folder: Path):
    simulator = Simulator()
    async with Caller(kind, simulator.transport().handler) as ask:
        media = ask.client.media_tools(MediaSettings(folder=folder))
        result = await settled(media.call("transcribe_audio", {"file": "said.wav"}))
    assert result.text.startswith("A recording of")
    body = simulator.requests[0].body
    assert isinstance(body, bytes)
    assert WAV in body


async def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path):
    async with Caller("sync", Simulator().transport().handler) as ask:
        media = ask.client.media_tools(MediaSettings(folder=tmp_path / "none"))
        with pytest.raises(ConfigurationError) as caught:
            await settled(media.call("transcribe_audio", {"file": "a.wav"}))
    assert caught.value.hint == "the folder holds no files."
    assert not (tmp_path / "none").exists(), "reading makes no folder"


async def test_a_written_file_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path):
    """A link that stands where a file will be written, put there by whoever knows its name."""
    folder, victim = tmp_path / "out", tmp_path / "victim"
    simulator = Simulator()
    async with Caller("sync", simulator.transport().handler) as ask:
        media = ask.client.media_tools(MediaSettings(folder=folder))
        (path,) = (await settled(media.call("create_speech", {"text": "Hi"}))).files
        written = path.read_bytes()
        victim.write_bytes(b"mine")
        path.unlink()
        path.symlink_to(victim)
        assert (await settled(media.call("create_speech", {"text": "Hi"}))).files == (path,)
    assert victim.read_bytes() == b"mine"
    assert (path.is_symlink(), path.read_bytes()) == (False, written)


@pytest.mark.parametrize(
    "beginning",
    [b"ID3\x04", b"\xff\xfb\x90\x00", b"\xff\xf1\x50\x80", b"OggS", b"fLaC", b"\x00\x00\x00\x20ftypM4A "],
    ids=["mp3 with a tag", "mp3", "aac", "ogg", "flac", "m4a"],
)  # fmt: skip
async def test_recordings_are_told_by_their_content(beginning: bytes, tmp_path: Path):
    (tmp_path / "said").write_bytes(beginning + bytes(40))
    simulator = Simulator()
    async with Caller("sync", simulator.transport().handler) as ask:
        media = ask.client.media_tools(MediaSettings(folder=tmp_path))
        await settled(media.call("transcribe_audio", {"file": "said"}))
    assert len(simulator.requests) == 1
