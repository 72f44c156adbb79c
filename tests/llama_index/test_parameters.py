"""Every parameter that the client's request type names reaches the wire, in every way to give it."""

from __future__ import annotations

import pytest
from llama_index.core.base.llms.types import ChatMessage

from llama_index_siliconflow import SiliconFlow
from tests.llama_index.conftest import Make, Way
from tests.llama_index.stub import Stub
from tests.parameters import CHAT_PARAMETERS, value_of

USER = [ChatMessage(role="user", content="hi")]
# LlamaIndex gives tools with each call, by `chat_with_tools`.
OF_A_CALL = {"tools", "tool_choice"}
FIELDS = [name for name in CHAT_PARAMETERS if name not in OF_A_CALL]


@pytest.mark.parametrize("where", ["field", "call", "additional_kwargs", "extra_body"])
@pytest.mark.parametrize("name", FIELDS)
def test_a_parameter_is_sent(name: str, where: str, stub: Stub, make: Make) -> None:
    given = {name: value_of(name)}
    if where == "field":
        make(SiliconFlow, **given).chat(USER)
    elif where == "call":
        make(SiliconFlow).chat(USER, **given)
    elif where == "additional_kwargs":
        make(SiliconFlow, additional_kwargs=given).chat(USER)
    else:
        make(SiliconFlow).chat(USER, extra_body=given)
    assert stub.last.body[name] == value_of(name)
    assert set(stub.last.body) == {"model", "messages", "stream", name}


@pytest.mark.parametrize("name", FIELDS)
async def test_a_parameter_is_sent_with_a_stream(
    name: str, stub: Stub, make: Make, way: Way
) -> None:
    llm = make(SiliconFlow, **{name: value_of(name)})
    assert await way(llm, "stream_chat", USER)
    assert stub.last.body[name] == value_of(name)
    assert stub.last.body["stream"] is True


async def test_all_of_them_at_once(stub: Stub, make: Make, way: Way) -> None:
    given = {name: value_of(name) for name in CHAT_PARAMETERS}
    fields = {name: value for name, value in given.items() if name not in OF_A_CALL}
    calls = {name: value for name, value in given.items() if name in OF_A_CALL}
    await way(make(SiliconFlow, **fields), "chat", USER, **calls)
    assert {name: stub.last.body[name] for name in given} == given
