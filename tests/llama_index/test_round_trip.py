"""What came of the API goes back as it came, by way of LlamaIndex's messages and their stored form."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from llama_index.core.base.llms.types import ChatMessage, MessageRole

from llama_index_siliconflow import SiliconFlow
from tests.round_trips import Api, Said, answers

API = Api()
LLM = SiliconFlow(**API.settings)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@settings(max_examples=40)
@given(said=answers())
def test_an_answer_goes_back_as_it_came(streamed: bool, said: Said) -> None:
    API.said = said
    asked = ChatMessage("Hi")
    answer = [*LLM.stream_chat([asked])][-1] if streamed else LLM.chat([asked])
    stored = ChatMessage.model_validate_json(answer.message.model_dump_json())
    results = [
        ChatMessage(role=MessageRole.TOOL, content="done", additional_kwargs={"tool_call_id": id})
        for id in said.ids
    ]
    LLM.chat([asked, stored, *results, *([] if results else [ChatMessage("on")])])
    first, turn, *rest = API.body["messages"]
    assert first == {"role": "user", "content": "Hi"}
    API.check(turn)
    assert [one["tool_call_id"] for one in rest if one["role"] == "tool"] == said.ids
