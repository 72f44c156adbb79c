"""Recordings, images and PDF files through LlamaIndex's readers."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import httpx
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from llama_index.core import SimpleDirectoryReader
from llama_index.core.schema import Document

from llama_index_siliconflow import (
    BadRequestError,
    ConfigurationError,
    SiliconFlowAudioReader,
    SiliconFlowOCRReader,
)
from siliconflow_client import SiliconFlowClient
from siliconflow_simulator import Simulator, when
from tests.double import Double

PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)
PDF = b"%PDF-1.7\n" + bytes(30)
READ = "<|ref|>title<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n# Invoice"
MODEL = "deepseek-ai/DeepSeek-OCR"
READERS: list[Any] = [SiliconFlowAudioReader, SiliconFlowOCRReader]

both = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
each = pytest.mark.parametrize("cls", READERS)


async def loaded(asynchronous: bool, reader: Any, *args: Any, **kwargs: Any) -> list[Document]:
    if asynchronous:
        return await reader.aload_data(*args, **kwargs)
    return reader.load_data(*args, **kwargs)


def spoken(simulator: Simulator, folder: Path) -> Path:
    with SiliconFlowClient(**simulator.settings()) as client:
        sound = client.audio.speech.create(
            model="FunAudioLLM/CosyVoice2-0.5B", input="Good morning.", voice="alex"
        )
    return sound.save(folder / "call.mp3")


@both
async def test_a_recording_becomes_its_words(asynchronous: bool, tmp_path: Path) -> None:
    simulator = Simulator()
    path = spoken(simulator, tmp_path)
    reader = SiliconFlowAudioReader(**simulator.settings())
    (document,) = await loaded(asynchronous, reader, path, extra_info={"caller": "Ann"})
    assert document.text == "Good morning."
    assert document.metadata == {"file_name": "call.mp3", "caller": "Ann"}


@both
@pytest.mark.parametrize(
    ("content", "kind"), [(PNG, "image/png"), (PDF, "application/pdf")], ids=["image", "PDF"]
)
async def test_a_file_is_read_by_deepseek_ocr(
    asynchronous: bool, content: bytes, kind: str, tmp_path: Path
) -> None:
    simulator = Simulator(answers=[when(model=MODEL).says(READ)])
    (tmp_path / "page").write_bytes(content)
    settings = simulator.settings()
    (document,) = await loaded(asynchronous, SiliconFlowOCRReader(**settings), tmp_path / "page")
    assert (document.text, document.metadata) == ("# Invoice", {"file_name": "page"})
    marked = SiliconFlowOCRReader(boxes=True, **settings)
    assert (await loaded(asynchronous, marked, str(tmp_path / "page")))[0].text == READ
    sent: Any = simulator.requests[0].body
    assert sent["messages"][0]["content"][0]["image_url"]["url"].startswith(f"data:{kind};base64,")


@both
async def test_a_directory_is_read_by_the_readers_of_its_files(
    asynchronous: bool, tmp_path: Path
) -> None:
    simulator = Simulator(answers=[when(model=MODEL).says(READ)])
    spoken(simulator, tmp_path)
    (tmp_path / "page.pdf").write_bytes(PDF)
    ocr = SiliconFlowOCRReader(**simulator.settings())
    audio = SiliconFlowAudioReader(**simulator.settings())
    directory = SimpleDirectoryReader(
        str(tmp_path), file_extractor={".pdf": ocr, ".mp3": audio}, raise_on_error=True
    )
    documents = await loaded(asynchronous, directory)
    found = {document.metadata["file_name"]: document.text for document in documents}
    assert found == {"call.mp3": "Good morning.", "page.pdf": "# Invoice"}
    assert all(document.metadata["file_path"].startswith(str(tmp_path)) for document in documents)


@both
@each
async def test_one_bad_file_is_an_error_with_its_name(
    asynchronous: bool, cls: Any, tmp_path: Path
) -> None:
    simulator = Simulator()
    reader = cls(**simulator.settings())
    (tmp_path / "empty.bin").write_bytes(b"")
    for path in (tmp_path / "empty.bin", tmp_path / "none.bin", tmp_path):
        with pytest.raises(ConfigurationError) as caught:
            await loaded(asynchronous, reader, path)
        assert str(caught.value).startswith(f"{path.name}: ")
        assert str(tmp_path) not in str(caught.value)
    assert simulator.requests == []


@both
@each
async def test_so_is_one_that_the_server_refuses(
    asynchronous: bool, cls: Any, tmp_path: Path
) -> None:
    (tmp_path / "call 7").write_bytes(PNG)
    refusal = httpx.Response(400, json={"code": 20015, "message": "Not readable."})
    with Double(refusal) as server:
        reader = cls(api_key="sk", base_url=server.url)
        with pytest.raises(BadRequestError, match="call 7: Not readable") as caught:
            await loaded(asynchronous, reader, tmp_path / "call 7")
    assert caught.value.code == 20015


@both
async def test_a_directory_goes_on_after_a_bad_file_and_names_it(
    asynchronous: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator = Simulator(answers=[when(model=MODEL).says(READ)])
    (tmp_path / "bad.png").write_bytes(b"no image")
    (tmp_path / "good.png").write_bytes(PNG)
    reader = SiliconFlowOCRReader(**simulator.settings())
    directory = SimpleDirectoryReader(str(tmp_path), file_extractor={".png": reader})
    documents = await loaded(asynchronous, directory)
    assert [document.metadata["file_name"] for document in documents] == ["good.png"]
    assert "bad.png: file is no PNG" in capsys.readouterr().out


@both
@each
async def test_files_of_another_file_system_are_read_through_it(
    asynchronous: bool, cls: Any
) -> None:
    simulator = Simulator(answers=[when(model=MODEL).says(READ)])
    system = MemoryFileSystem()
    system.pipe_file("/scans/page.png", PNG)
    reader = cls(**simulator.settings())
    (document,) = await loaded(asynchronous, reader, Path("/scans/page.png"), fs=system)
    assert document.text in ("# Invoice", f"A recording of {len(PNG)} bytes.")
    with pytest.raises(ConfigurationError, match=r"^none\.png: file cannot be read"):
        await loaded(asynchronous, reader, Path("/scans/none.png"), fs=system)


@both
async def test_a_text_that_was_cut_off_is_warned_of_by_name(
    asynchronous: bool, tmp_path: Path
) -> None:
    choice = {"index": 0, "message": {"content": "half"}, "finish_reason": "length"}
    (tmp_path / "page.pdf").write_bytes(PDF)
    with Double(httpx.Response(200, json={"id": "1", "choices": [choice]})) as server:
        reader = SiliconFlowOCRReader(api_key="sk", base_url=server.url)
        with pytest.warns(UserWarning, match=r"^page\.pdf: the text ends in the middle"):
            (document,) = await loaded(asynchronous, reader, tmp_path / "page.pdf")
    assert document.text == "half"


@each
async def test_files_are_read_lazily(cls: Any, tmp_path: Path) -> None:
    simulator = Simulator()
    (tmp_path / "a.png").write_bytes(PNG)
    reader = cls(**simulator.settings())
    documents = iter(reader.lazy_load_data(tmp_path / "a.png"))
    assert simulator.requests == []
    next(documents)
    assert len(simulator.requests) == 1
    assert len(list(await reader.alazy_load_data(tmp_path / "a.png"))) == 1


@each
def test_a_reader_is_written_down_without_its_key_and_read_again(cls: Any) -> None:
    reader = cls(model="acme/reader", api_key="sk-secret", max_retries=7)
    assert "sk-secret" not in repr(reader) + json.dumps(reader.to_dict())
    again = cls.from_dict(reader.to_dict())
    assert (again.model, again.max_retries) == ("acme/reader", 7)
    assert pickle.loads(pickle.dumps(reader)).api_key.get_secret_value() == "sk-secret"


@each
def test_mistakes_are_named(cls: Any) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'model'"):
        cls(modle="x")
    with pytest.raises(ConfigurationError, match="model"):
        cls(model=None)
