"""Paths and files of every kind that Python knows: read and written, or one of our errors."""

from __future__ import annotations

import inspect
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    ConfigurationError,
    ImagesResult,
    ResultFile,
    SiliconFlowError,
    Speech,
)
from tests.client.batch_site import requests, resume, submit
from tests.client.callers import Caller, answering
from tests.client.groups import call

both = pytest.mark.parametrize("kind", ["sync", "async"])
LONG = "a text by mistake " * 300
SOUND = b"RIFF\x04\x00\x00\x00WAVEdata"
ASKED: dict[str, Any] = {"model": "FunAudioLLM/SenseVoiceSmall"}
SPOKEN: dict[str, Any] = {"model": "FunAudioLLM/CosyVoice2-0.5B", "input": "Hi", "voice": "anna"}


class BytesPath:
    """A path that is bytes, as `os.scandir(b".")` gives them."""

    def __init__(self, path: bytes) -> None:
        self.path = path

    def __fspath__(self) -> bytes:
        return self.path


class Mute(io.BytesIO):
    """Its `seek` tells nothing, like that of a memory map."""

    def seek(self, *where: int) -> Any:
        super().seek(*where)


def written(folder: Path, name: bytes) -> Path:
    path = Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))  # noqa: PTH118 - bytes
    path.write_bytes(SOUND)
    return path


# --- what is sent -----------------------------------------------------------------------------


@both
async def test_a_path_may_be_bytes(kind: str, tmp_path: Path):
    path = written(tmp_path, b"sound.wav")
    async with Caller(kind, answering(b'{"text": "Hi"}')) as ask:
        source = BytesPath(os.fsencode(path))
        told = await call(ask, "audio.transcriptions.create", file=source, **ASKED)
    assert told.text == "Hi"


@both
@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are Unicode")
async def test_a_name_on_disk_that_is_no_utf_8_is_sent_with_a_mark(kind: str, tmp_path: Path):
    path = written(tmp_path, b"b\xff.wav")
    seen: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        return httpx.Response(200, json={"text": "Hi"})

    async with Caller(kind, handle) as ask:
        await call(ask, "audio.transcriptions.create", file=path, **ASKED)
    assert b'filename="b?.wav"' in seen[0]


@both
@pytest.mark.parametrize(
    "source", [LONG, "a\0b", Mute(SOUND)], ids=["too long", "NUL", "no size told"]
)
async def test_what_is_no_file_to_send_is_named(kind: str, source: Any):
    async with Caller(kind, answering(b"{}")) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await call(ask, "audio.transcriptions.create", file=source, **ASKED)
    assert caught.value.argument == "file"
    assert "by mistake" not in str(caught.value)


# --- what is written ----------------------------------------------------------------------------

NO_FILES: list[Any] = ["", ".", "/", "a\0b", LONG, b"a.wav", 5, None]


@pytest.mark.parametrize("path", NO_FILES, ids=lambda path: repr(path)[:12])
def test_a_path_that_names_no_file_to_write_is_an_error_of_ours(path: Any):
    with pytest.raises(ConfigurationError) as caught:
        Speech(SOUND, "audio/wav", None).save(path)
    assert caught.value.argument in ("path", "folder")


@both
@pytest.mark.parametrize("path", NO_FILES, ids=lambda path: repr(path)[:12])
async def test_so_it_is_where_a_sound_is_written_while_it_comes(kind: str, path: Any):
    async with Caller(kind, answering(SOUND, content_type="audio/wav")) as ask:
        stream = await call(ask, "audio.speech.stream", **SPOKEN)
        with pytest.raises(ConfigurationError) as caught:
            saved = stream.save(path)
            if inspect.isawaitable(saved):
                await saved
    assert caught.value.argument in ("path", "folder")


@both
@pytest.mark.parametrize("folder", ["a\0b", LONG, b"out"], ids=["NUL", "too long", "bytes"])
async def test_so_it_is_with_a_folder(kind: str, folder: Any):
    result = ImagesResult([ResultFile(b64_json="AAAA")], None, None, None)
    async with Caller(kind, answering(b"{}")) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await call(ask, "images.save", result, folder)
    assert caught.value.argument == "folder"


@both
async def test_letters_that_are_no_base64_are_an_unexpected_answer(kind: str, tmp_path: Path):
    result = ImagesResult([ResultFile(b64_json="é")], None, None, None)
    async with Caller(kind, answering(b"{}")) as ask:
        with pytest.raises(SiliconFlowError, match="not base64"):
            await call(ask, "images.save", result, tmp_path)


@both
@pytest.mark.parametrize("path", NO_FILES, ids=lambda path: repr(path)[:12])
async def test_so_it_is_with_the_state_of_a_job(kind: str, path: Any):
    async with Caller(kind, answering(b"{}")) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await submit(ask, requests(1), path)
        with pytest.raises(ConfigurationError):
            resume(ask, path)
    assert caught.value.argument == "state"


ON_A_FULL_DISK = """
import pathlib, resource, sys
from siliconflow_client import ConfigurationError
from siliconflow_client.protocol.files import FileSink
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    with FileSink(pathlib.Path(sys.argv[1]) / "film.mp4") as sink:
        for _ in range(300):
            sink.write(bytes(1000))
        sink.commit()
except ConfigurationError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has no limit of a file's size")
def test_a_full_disk_is_not_left_fuller(tmp_path: Path):
    command = [sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "The file cannot be written (File too large)." in done.stdout
    assert list(tmp_path.iterdir()) == []
