"""LangChain's GenericLoader, from its community package, with our parsers."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_community.document_loaders.generic import GenericLoader

from langchain_siliconflow import (
    ConfigurationError,
    SiliconFlowAudioParser,
    SiliconFlowOCRParser,
)
from siliconflow_client import SiliconFlowClient
from siliconflow_simulator import Simulator, when

PDF = b"%PDF-1.7\n" + bytes(30)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
async def test_a_folder_of_recordings_is_loaded(asynchronous: bool, tmp_path: Path) -> None:
    simulator = Simulator()
    with SiliconFlowClient(**simulator.settings()) as client:
        for number, text in enumerate(("Good morning.", "Good night.")):
            client.audio.speech.create(
                model="FunAudioLLM/CosyVoice2-0.5B", input=text, voice="alex"
            ).save(tmp_path / f"{number}.mp3")
    parser = SiliconFlowAudioParser(**simulator.settings())
    loader = GenericLoader.from_filesystem(tmp_path, suffixes=[".mp3"], parser=parser)
    documents = await loader.aload() if asynchronous else loader.load()
    heard = {Path(one.metadata["source"]).name: one.page_content for one in documents}
    assert heard == {"0.mp3": "Good morning.", "1.mp3": "Good night."}


def test_a_folder_of_scans_is_loaded_until_one_is_none(tmp_path: Path) -> None:
    simulator = Simulator(answers=[when(model="deepseek-ai/DeepSeek-OCR").says("# Invoice")])
    (tmp_path / "page.pdf").write_bytes(PDF)
    parser = SiliconFlowOCRParser(**simulator.settings())
    loader = GenericLoader.from_filesystem(tmp_path, glob="*.pdf", parser=parser)
    (document,) = loader.lazy_load()
    assert document.page_content == "# Invoice"
    (tmp_path / "page.pdf").write_bytes(b"no PDF")
    with pytest.raises(ConfigurationError, match=r"^page\.pdf: "):
        loader.load()
