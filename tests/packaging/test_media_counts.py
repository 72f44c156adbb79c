"""LangChain, LlamaIndex and the simulator count a picture alike, by the client's formulas."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from llama_index.core.base.llms.types import (
    AudioBlock,
    ChatMessage,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from langchain_siliconflow import ChatSiliconFlow
from llama_index_siliconflow import SiliconFlow
from siliconflow_client import SiliconFlowClient, image_tokens, lookup_model, pdf_tokens
from siliconflow_simulator import Simulator
from tests.client.test_media_tokens import part, png, uri

MODEL, GLM, OCR = "Qwen/Qwen3-VL-32B-Instruct", "zai-org/GLM-4.5V", "deepseek-ai/DeepSeek-OCR"
PICTURE = png(1024, 1024)
DATA = base64.b64encode(PICTURE).decode()
WANTED = image_tokens(MODEL, 1024, 1024)


def by_langchain(*content: Any, model: str = MODEL) -> int:
    llm = ChatSiliconFlow(model=model, api_key="k")
    empty: list[AnyMessage] = [HumanMessage([{"type": "text", "text": ""}])]
    full: list[AnyMessage] = [HumanMessage([{"type": "text", "text": ""}, *content])]
    return llm.get_num_tokens_from_messages(full) - llm.get_num_tokens_from_messages(empty)


FORMS: dict[str, Any] = {
    "LangChain": {"type": "image", "base64": DATA, "mime_type": "image/png"},
    "LangChain, v0": {
        "type": "image",
        "source_type": "base64",
        "data": DATA,
        "mime_type": "image/png",
    },
    "OpenAI": {"type": "image_url", "image_url": {"url": uri(PICTURE)}},
    "Anthropic": {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": DATA},
    },
    "file": {"type": "file", "base64": DATA, "mime_type": "image/png"},
}


@pytest.mark.parametrize("form", FORMS)
def test_langchain_counts_a_picture_in_every_form(form: str):
    assert by_langchain(FORMS[form]) == WANTED


def test_langchain_counts_for_the_model_that_is_asked():
    assert by_langchain(FORMS["OpenAI"], model=GLM) == image_tokens(GLM, 1024, 1024)
    low = {"type": "image_url", "image_url": {"url": uri(PICTURE), "detail": "low"}}
    assert by_langchain(low) == 256


def test_langchain_counts_sounds_films_and_pdfs_and_not_their_base64():
    sound = {"type": "audio", "base64": "A" * 100_000, "mime_type": "audio/mpeg"}
    assert by_langchain(sound, model="Qwen/Qwen3-Omni-30B-A3B-Instruct") == 390
    film = {"type": "video", "url": "https://example.com/a.mp4", "extras": {"max_frames": 4}}
    assert by_langchain(film) == 4 * 256
    pdf = base64.b64encode(b"%PDF-1.7 /Count 2 ").decode()
    block = {"type": "file", "base64": pdf, "mime_type": "application/pdf"}
    assert by_langchain(block, model=OCR) == pdf_tokens(OCR, 2)


def test_what_cannot_be_sent_counts_as_an_image_of_unknown_size():
    assert by_langchain({"type": "image", "file_id": "x"}) == 256


def test_media_in_other_turns_count_too_and_the_messages_stay_as_they_are():
    llm = ChatSiliconFlow(model=MODEL, api_key="k")
    tool = ToolMessage([FORMS["LangChain"]], tool_call_id="c")
    history: list[AnyMessage] = [HumanMessage("Hi"), AIMessage("a"), tool]
    before = tool.model_dump()
    assert llm.get_num_tokens_from_messages(history) > WANTED
    assert tool.model_dump() == before


def by_llama_index(*blocks: Any, model: str = MODEL, **kwargs: Any) -> int:
    llm = SiliconFlow(model=model, api_key="k")
    message = ChatMessage(role="user", blocks=list(blocks), additional_kwargs=kwargs)
    return llm.count_tokens([message]) - llm.count_tokens([ChatMessage(role="user", blocks=[])])


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        (ImageBlock(image=PICTURE), WANTED),
        (ImageBlock(image=PICTURE, detail="low"), 256),
        (ImageBlock(url="https://example.com/a.png"), 256),
        (ImageBlock(image=b"no image"), 256),
        (VideoBlock(url="https://example.com/a.mp4", fps=1), 16 * 256),
        (AudioBlock(url="https://example.com/a.mp3"), 390),
        (DocumentBlock(url="https://example.com/a.pdf"), pdf_tokens(MODEL)),
        (DocumentBlock(data=b"abc. " * 4, document_mimetype="text/plain"), 5),
        (TextBlock(text="abcd" * 5), 5),
        (TextBlock(text="冰" * 5), 5),
        (ThinkingBlock(content="abcd"), 1),
        (ToolCallBlock(tool_name="f" * 20, tool_kwargs="{}  "), 6),
    ],
    ids=lambda value: type(value).__name__,
)
def test_llama_index_counts_a_block(block: Any, tokens: int):
    assert by_llama_index(block) == tokens


def test_llama_index_counts_the_frames_that_a_message_asks_for():
    film = VideoBlock(url="https://example.com/a.mp4")
    assert by_llama_index(film, max_frames=2) == 2 * 256


@pytest.mark.parametrize("model", [MODEL, GLM, OCR])
@pytest.mark.parametrize("url", [uri(PICTURE), "https://example.com/a.png"])
def test_the_simulator_bills_a_picture_by_the_formula(model: str, url: str):
    assert "image" in lookup_model(model).inputs
    settings = Simulator().settings()
    with SiliconFlowClient(
        api_key=settings["api_key"], http_client=settings["http_client"]
    ) as client:
        prompts = [
            client.chat(model=model, messages=[{"role": "user", "content": content}])
            for content in (
                [{"type": "text", "text": "Hi"}],
                [{"type": "text", "text": "Hi"}, part(url)],
            )
        ]
    without, beside = (answer.usage for answer in prompts)
    assert without is not None
    assert beside is not None
    wanted = image_tokens(model, 1024, 1024) if url.startswith("data:") else 256
    assert beside.prompt_tokens - without.prompt_tokens == wanted
