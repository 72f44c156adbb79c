"""Recordings, images and PDF files through LangChain's loaders."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.document_loaders import BaseBlobParser, BaseLoader, BlobLoader
from langchain_core.documents import Document
from langchain_core.documents.base import Blob

from langchain_siliconflow import (
    BadRequestError,
    ConfigurationError,
    SiliconFlowAudioParser,
    SiliconFlowOCRParser,
)
from siliconflow_client import SiliconFlowClient
from siliconflow_simulator import Simulator, when
from tests.double import Double
from tests.langchain.wire import completion

PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)
PDF = b"%PDF-1.7\n" + bytes(30)
READ = "<|ref|>title<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n# Invoice"
MODEL = "deepseek-ai/DeepSeek-OCR"


async def parsed(asynchronous: bool, parser: Any, blob: Blob) -> list[Document]:
    return await parser.aparse(blob) if asynchronous else parser.parse(blob)


both = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


@both
@pytest.mark.parametrize("in_memory", [False, True])
async def test_a_recording_becomes_its_words(
    asynchronous: bool, in_memory: bool, tmp_path: Path
) -> None:
    simulator = Simulator()
    with SiliconFlowClient(**simulator.settings()) as client:
        spoken = client.audio.speech.create(
            model="FunAudioLLM/CosyVoice2-0.5B", input="Good morning.", voice="alex"
        )
    path = spoken.save(tmp_path / "call.mp3")
    blob = (
        Blob.from_data(spoken.content, path=str(path), metadata={"caller": "Ann"})
        if in_memory
        else Blob.from_path(path, metadata={"caller": "Ann"})
    )
    parser = SiliconFlowAudioParser(**simulator.settings())
    (document,) = await parsed(asynchronous, parser, blob)
    assert document.page_content == "Good morning."
    assert document.metadata == {"source": str(path), "caller": "Ann"}
    body = simulator.requests[-1].body
    assert isinstance(body, bytes)
    assert b"FunAudioLLM/SenseVoiceSmall" in body


@both
@pytest.mark.parametrize(
    ("content", "kind"), [(PNG, "image/png"), (PDF, "application/pdf")], ids=["image", "PDF"]
)
async def test_a_file_is_read_by_deepseek_ocr(
    asynchronous: bool, content: bytes, kind: str, tmp_path: Path
) -> None:
    simulator = Simulator(answers=[when(model=MODEL).says(READ)])
    path = tmp_path / "page"
    path.write_bytes(content)
    settings = simulator.settings()
    blob = Blob.from_path(path)
    (document,) = await parsed(asynchronous, SiliconFlowOCRParser(**settings), blob)
    assert document == Document("# Invoice", metadata={"source": str(path)})
    (marked,) = await parsed(asynchronous, SiliconFlowOCRParser(boxes=True, **settings), blob)
    assert marked.page_content == READ
    sent: Any = simulator.requests[0].body
    assert sent["messages"][0]["content"][0]["image_url"]["url"].startswith(f"data:{kind};base64,")


@both
async def test_model_prompt_and_length_can_be_chosen(asynchronous: bool) -> None:
    simulator = Simulator(answers=[when("Free OCR").says("words")])
    parser = SiliconFlowOCRParser(
        prompt="<image>\nFree OCR.", max_tokens=50, **simulator.settings()
    )
    (document,) = await parsed(asynchronous, parser, Blob.from_data(PNG))
    assert document == Document("words")
    body: Any = simulator.requests[0].body
    assert (body["max_tokens"], body["temperature"]) == (50, 0)
    parser.temperature = None
    await parsed(asynchronous, parser, Blob.from_data(PNG))
    later: Any = simulator.requests[1].body
    assert "temperature" not in later


@both
async def test_a_text_that_was_cut_off_is_warned_of_by_name(asynchronous: bool) -> None:
    with Double(completion("half", finish="length")) as server:
        parser = SiliconFlowOCRParser(api_key="sk", base_url=server.url)
        with pytest.warns(UserWarning, match=r"^page\.pdf: the text ends in the middle"):
            (document,) = await parsed(asynchronous, parser, Blob.from_data(PDF, path="a/page.pdf"))
    assert document.page_content == "half"


PARSERS = [SiliconFlowAudioParser, SiliconFlowOCRParser]


@both
@pytest.mark.parametrize("cls", PARSERS)
async def test_one_bad_file_is_an_error_with_its_name(
    asynchronous: bool, cls: type, tmp_path: Path
) -> None:
    simulator = Simulator()
    parser = cls(**simulator.settings())
    (tmp_path / "empty.bin").write_bytes(b"")
    for blob in (
        Blob.from_path(tmp_path / "empty.bin"),
        Blob.from_path(tmp_path / "none.bin"),
        Blob.from_path(tmp_path),
        Blob.from_data("text, not bytes", path="typed.bin"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            await parsed(asynchronous, parser, blob)
        assert str(caught.value).startswith(f"{Path(str(blob.path)).name}: ")
        assert str(tmp_path) not in str(caught.value)
    assert simulator.requests == []


@both
@pytest.mark.parametrize("cls", PARSERS)
async def test_so_is_one_that_the_server_refuses(asynchronous: bool, cls: type) -> None:
    refusal = httpx.Response(400, json={"code": 20015, "message": "Not readable."})
    with Double(refusal) as server:
        parser = cls(api_key="sk", base_url=server.url)
        with pytest.raises(BadRequestError, match="call 7: Not readable") as caught:
            await parsed(asynchronous, parser, Blob.from_data(PNG, path="calls/call 7"))
    assert caught.value.status_code == 400
    assert caught.value.code == 20015


class Folder(BlobLoader):
    """The blobs of a folder, as LangChain's FileSystemBlobLoader yields them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def yield_blobs(self) -> Iterable[Blob]:
        return (Blob.from_path(path) for path in sorted(self.folder.iterdir()))


class Loader(BaseLoader):
    """LangChain's GenericLoader, which is in a package of its own; tests/apps uses that one."""

    def __init__(self, blobs: BlobLoader, parser: BaseBlobParser) -> None:
        self.blobs, self.parser = blobs, parser

    def lazy_load(self) -> Iterator[Document]:
        for blob in self.blobs.yield_blobs():
            yield from self.parser.lazy_parse(blob)


def test_a_loader_reads_file_after_file_and_stops_at_the_bad_one(tmp_path: Path) -> None:
    simulator = Simulator(answers=[when(model=MODEL).says(READ)])
    for name, content in (("1.png", PNG), ("2.pdf", PDF), ("3.docx", b"PK\3\4"), ("4.png", PNG)):
        (tmp_path / name).write_bytes(content)
    loader = Loader(Folder(tmp_path), SiliconFlowOCRParser(**simulator.settings()))
    loaded: list[Document] = []
    with pytest.raises(ConfigurationError, match=r"^3\.docx: .* is no PNG"):
        loaded.extend(loader.lazy_load())
    assert [Path(document.metadata["source"]).name for document in loaded] == ["1.png", "2.pdf"]
    assert len(simulator.requests) == 2


def test_nothing_is_asked_before_the_document_is_taken() -> None:
    simulator = Simulator()
    documents = SiliconFlowOCRParser(**simulator.settings()).lazy_parse(Blob.from_data(PNG))
    assert simulator.requests == []
    next(documents)
    assert len(simulator.requests) == 1


@pytest.mark.parametrize("cls", PARSERS)
def test_mistakes_are_named(cls: Callable[..., Any]) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'model'"):
        cls(api_key="sk", modle="x")
    assert "sk-secret" not in repr(cls(api_key="sk-secret"))
    assert json.dumps(cls(api_key="sk-secret").model_dump(mode="json")).count("sk-secret") == 0
