"""Token counts by script, and usage that is the same whole and streamed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    trim_messages,
)
from langchain_core.messages.tool import tool_call
from langchain_core.outputs import LLMResult

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowLLM
from langchain_siliconflow._tokens import count_message_tokens, count_tokens
from tests.langchain.wire import MODEL, Server, by_stream, plain_s, stream_s

BY_SCRIPT = {
    "english": ("The quick brown fox jumps over the lazy dog. " * 10, 113),
    "chinese": ("冰浮在水面上。" * 100, 700),
    "japanese": ("氷は水に浮かびます。" * 50, 500),
    "korean": ("얼음은 물에 뜹니다. " * 50, 500),
    "russian": ("Лёд плавает в воде. " * 50, 450),
    "emoji": ("🧊" * 100, 200),
}


@pytest.mark.parametrize("name", BY_SCRIPT)
def test_both_classes_count_by_script(name: str) -> None:
    text, about = BY_SCRIPT[name]
    counted = ChatSiliconFlow(api_key="k").get_num_tokens(text)
    assert about * 0.8 <= counted <= about * 1.2
    assert SiliconFlowLLM(api_key="k").get_num_tokens(text) == counted


def test_five_hundred_chinese_characters_are_about_five_hundred_tokens() -> None:
    assert 450 <= ChatSiliconFlow(api_key="k").get_num_tokens("冰" * 500) <= 550


def test_every_width_counts_for_itself() -> None:
    assert [count_tokens(text) for text in ("", "abcd", "éé", "冰", "🧊", "\ud83d")] == [
        0, 1, 1, 1, 2, 1,
    ]  # fmt: skip
    mixed = "abcd" + "éé" + "冰" * 3 + "🧊" * 2
    assert count_tokens(mixed) == 1 + 1 + 3 + 4


def test_trimming_keeps_what_fits() -> None:
    model = ChatSiliconFlow(api_key="k")
    history: list[AnyMessage] = [HumanMessage("冰浮在水面上" * 10) for _ in range(70)]
    kept = trim_messages(history, max_tokens=1000, token_counter=model)
    characters = sum(len(message.text) for message in kept)
    assert 700 <= characters <= 1000


def test_every_part_of_a_conversation_counts_by_script() -> None:
    def counted(word: str) -> int:
        messages: list[AnyMessage] = [
            SystemMessage(word),
            HumanMessage([{"type": "text", "text": word}, word], name=word),
            AIMessage("", tool_calls=[tool_call(name="f", args={"x": word}, id="c1")]),
            ToolMessage(word, tool_call_id="c1"),
            AIMessage([{"type": "reasoning", "reasoning": word}]),
        ]
        return count_message_tokens(messages)

    # Seven places; a Latin letter is a quarter of a token, a Chinese character a whole one.
    assert counted("冰" * 100) - counted("a" * 100) == pytest.approx(7 * 75, abs=7)


def test_a_picture_that_cannot_be_read_counts_as_one_of_unknown_size() -> None:
    picture = {"type": "image", "base64": "冰" * 10_000, "mime_type": "image/png"}
    marks = count_message_tokens([HumanMessage([])])
    assert count_message_tokens([HumanMessage([picture])]) - marks == 256


def test_a_text_file_counts_as_its_text() -> None:
    file = {"type": "text-plain", "text": "冰" * 500, "mime_type": "text/plain"}
    chat = ChatSiliconFlow(api_key="k")
    counted = chat.get_num_tokens_from_messages([HumanMessage([file])])
    assert 450 <= counted <= 560


def test_forms_that_langchain_takes_for_messages() -> None:
    assert count_message_tokens([("user", "冰" * 100)]) >= 100
    assert count_message_tokens([{"role": "user", "content": "冰" * 100}]) >= 100
    assert count_message_tokens(["冰" * 100]) >= 100


# --- usage -----------------------------------------------------------------------------------------


class Seen(BaseCallbackHandler):
    """Keeps what a tracer is given at the end."""

    def __init__(self) -> None:
        self.results: list[LLMResult] = []

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        self.results.append(response)


DETAILED = {
    "prompt_tokens": 17,
    "completion_tokens": 3,
    "total_tokens": 20,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_tracer_sees_the_details_whole_and_streamed(mode: str) -> None:
    model = ChatSiliconFlow(model=MODEL, **Server(by_stream(plain_s(), stream_s())).clients)
    whole, streamed = Seen(), Seen()

    async def ask() -> None:
        await model.ainvoke("x", {"callbacks": [whole]})
        async for _ in model.astream("x", {"callbacks": [streamed]}):
            pass

    if mode == "async":
        asyncio.run(ask())
    else:
        model.invoke("x", {"callbacks": [whole]})
        list(model.stream("x", {"callbacks": [streamed]}))
    (told,) = whole.results
    assert told.llm_output is not None
    assert told.llm_output["token_usage"] == DETAILED
    usages = [
        seen.results[0].generations[0][0].message.usage_metadata for seen in (whole, streamed)
    ]
    assert usages[0] == usages[1]
    assert usages[0]["output_token_details"] == {"reasoning": 2}
    assert usages[0]["input_token_details"] == {"cache_read": 4}


def test_a_completions_details_are_the_same_whole_and_streamed() -> None:
    llm = SiliconFlowLLM(model=MODEL, **Server(by_stream(plain_s(), stream_s())).clients)
    whole, streamed = Seen(), Seen()
    llm.invoke("x", {"callbacks": [whole]})
    list(llm.stream("x", {"callbacks": [streamed]}))
    told = whole.results[0].llm_output
    assert told is not None
    assert told["token_usage"] == DETAILED
    info = streamed.results[0].generations[0][0].generation_info
    assert info is not None
    assert info["token_usage"] == DETAILED
