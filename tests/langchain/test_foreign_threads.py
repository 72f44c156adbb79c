"""Conversations that others began: checkpointed threads, screenshots of MCP servers, supervisors.

The other providers' models are stand-ins that answer with the messages of those packages; what
comes after them is LangChain's and LangGraph's own, and our model on hand-written answers.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.tool import invalid_tool_call, tool_call
from langchain_core.tools import BaseTool, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph_supervisor import create_supervisor
from pydantic import BaseModel

from langchain_siliconflow import ChatSiliconFlow
from tests.langchain.wire import (
    Server,
    by_stream,
    call,
    completion,
    end,
    event,
    plain_s,
    sse,
    stream_s,
    tool_delta,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # trustcall imports a name from where LangGraph moved it
    from trustcall import create_extractor

pytestmark = pytest.mark.filterwarnings("ignore::langgraph.warnings.LangGraphDeprecatedSinceV10")

SEES = "Qwen/Qwen3.5-27B"
READS = "deepseek-ai/DeepSeek-V3.2"
PIXEL = {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}


class Stranger(GenericFakeChatModel):
    """A model of another provider."""

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Any:
        return self


def stranger(*answers: AIMessage) -> Stranger:
    def for_ever() -> Iterator[AIMessage]:
        while True:
            yield from answers

    return Stranger(messages=for_ever())


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"Sunny in {city}."


CALL = tool_call(name="get_weather", args={"city": "Paris"}, id="toolu_1")
STRANGERS: dict[str, list[AIMessage]] = {
    "anthropic with web search": [
        AIMessage(
            [
                {"type": "thinking", "thinking": "Search.", "signature": "s1"},
                {
                    "type": "server_tool_use",
                    "id": "srv1",
                    "name": "web_search",
                    "input": {"query": "x"},
                },
                {
                    "type": "web_search_tool_result",
                    "tool_use_id": "srv1",
                    "content": [
                        {
                            "type": "web_search_result",
                            "title": "Ice",
                            "url": "https://example.com",
                            "encrypted_content": "E",
                        }
                    ],
                },
                {"type": "text", "text": "Ice floats.", "citations": [{"type": "x"}]},
            ],
            response_metadata={"model_provider": "anthropic"},
        )
    ],
    "anthropic with a tool": [
        AIMessage(
            [
                {"type": "text", "text": "I ask."},
                {
                    "type": "tool_use",
                    "id": "toolu_1",
                    "name": "get_weather",
                    "input": {"city": "Paris"},
                },
            ],
            tool_calls=[CALL],
            response_metadata={"model_provider": "anthropic"},
        ),
        AIMessage([{"type": "text", "text": "Sunny."}]),
    ],
    "openai responses": [
        AIMessage(
            [
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "E"},
                {"type": "web_search_call", "id": "ws_1", "status": "completed"},
                {
                    "type": "code_interpreter_call",
                    "id": "ci_1",
                    "code": "6*7",
                    "container_id": "c",
                    "outputs": [{"type": "logs", "logs": "42"}],
                },
                {"type": "image_generation_call", "id": "ig_1", "result": "iVBORw0KGgo="},
                {"type": "text", "text": "Ice floats.", "annotations": [], "id": "msg_1"},
            ],
            id="resp_1",
            response_metadata={"model_provider": "openai"},
        )
    ],
    "standard blocks": [
        AIMessage(
            content_blocks=[
                {"type": "reasoning", "reasoning": "Hm."},
                {"type": "server_tool_call", "id": "s1", "name": "web_search", "args": {}},
                {
                    "type": "server_tool_result",
                    "tool_call_id": "s1",
                    "status": "success",
                    "output": [{"title": "Ice"}],
                },
                {"type": "text", "text": "Ice floats."},
            ],
            response_metadata={"output_version": "v1", "model_provider": "anthropic"},
        )
    ],
    "gemini": [
        AIMessage(
            [
                {"type": "executable_code", "executable_code": "print(42)", "language": 1},
                {"type": "code_execution_result", "code_execution_result": "42", "outcome": 1},
                "Ice floats.",
            ],
            response_metadata={"model_provider": "google_genai"},
        )
    ],
    "gemini with a picture": [
        AIMessage(
            [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                "Ice floats.",
            ]
        )
    ],
    "a broken call": [
        AIMessage(
            "I try.",
            invalid_tool_calls=[
                invalid_tool_call(name="get_weather", args='{"city": "Par', id="c9", error="cut")
            ],
        )
    ],
}
THREAD: Any = {"configurable": {"thread_id": "1"}}


def asked(agent: Any, text: str, mode: str) -> list[BaseMessage]:
    """Ask in a thread, and give all its messages."""
    question: Any = {"messages": [HumanMessage(text)]}
    if mode == "sync":
        agent.invoke(question, THREAD)
    elif mode == "async":
        asyncio.run(agent.ainvoke(question, THREAD))
    else:
        list(agent.stream(question, THREAD, stream_mode="messages"))
    return agent.get_state(THREAD).values["messages"]


def check_order(turns: list[dict[str, Any]]) -> None:
    """What every back end asks of a conversation."""
    for before, turn in zip([{"role": "system"}, *turns], turns, strict=False):
        assert isinstance(turn["content"], str | list)
        assert turn["role"] == "tool" or turn["role"] != before["role"] or turn["role"] == "system"
        if turn["role"] == "tool":
            assert before["role"] in ("assistant", "tool")
            assert isinstance(turn["content"], str)
            assert turn["content"]
    assert turns[-1]["role"] in ("user", "tool")


@pytest.mark.parametrize("mode", ["sync", "async", "stream"])
@pytest.mark.parametrize("name", STRANGERS)
def test_a_thread_that_another_model_began_goes_on(name: str, mode: str) -> None:
    memory = InMemorySaver()
    first = create_agent(stranger(*STRANGERS[name]), [get_weather], checkpointer=memory)
    begun = asked(first, "What floats?", "sync")
    server = Server(by_stream(plain_s(), stream_s()))
    model = ChatSiliconFlow(model=READS, **server.clients)
    second = create_agent(model, [get_weather], checkpointer=memory, system_prompt="Be brief.")
    for number in (1, 2):
        messages = asked(second, f"And question {number}?", mode)
        assert messages[-1].text == "Hi"
        check_order(server.body["messages"])
    assert server.body["messages"][0]["role"] == "system"
    told = "\n".join(str(turn["content"]) for turn in server.body["messages"])
    for message in begun:
        for block in message.content if isinstance(message.content, list) else []:
            words = block if isinstance(block, str) else block.get("text", "")
            assert words in told
    assert "iVBORw0KGgo" not in told


@pytest.mark.parametrize("mode", ["sync", "async", "stream"])
def test_a_thread_that_ours_began_goes_to_another_and_comes_back(mode: str) -> None:
    memory = InMemorySaver()
    server = Server(by_stream(plain_s(), stream_s()))
    ours = create_agent(ChatSiliconFlow(model=READS, **server.clients), [], checkpointer=memory)
    asked(ours, "One?", mode)
    for name in ("anthropic with web search", "openai responses", "gemini"):
        asked(create_agent(stranger(*STRANGERS[name]), [], checkpointer=memory), "Two?", "sync")
    assert asked(ours, "Three?", mode)[-1].text == "Hi"
    check_order(server.body["messages"])


def test_a_history_with_function_messages_and_an_odd_role_goes_on() -> None:
    server = Server(plain_s())
    agent: Any = create_agent(ChatSiliconFlow(model=READS, **server.clients), [get_weather])
    history = [
        SystemMessage("Be brief."),
        HumanMessage("What floats?"),
        AIMessage(
            "", additional_kwargs={"function_call": {"name": "get_weather", "arguments": "{}"}}
        ),
        FunctionMessage("Sunny.", name="get_weather"),
        AIMessage("Ice."),
        HumanMessage("And?"),
    ]
    assert agent.invoke({"messages": history})["messages"][-1].text == "Hi"
    check_order(server.body["messages"])


# --- screenshots ------------------------------------------------------------------------------------


@tool(response_format="content_and_artifact")
def take_screenshot(url: str) -> tuple[list[dict[str, Any]], None]:
    """Take a screenshot of a page, as an MCP server's tool gives it."""
    return [{"type": "text", "text": f"Screenshot of {url}"}, PIXEL], None


def browsing(*urls: str) -> Server:
    """Call the tool for each page, all at once, and then answer."""
    calls = [call("take_screenshot", f'{{"url": "{url}"}}', f"c_{url}") for url in urls]
    deltas = [
        tool_delta(one["function"]["arguments"], index=number, id=one["id"], name="take_screenshot")
        for number, one in enumerate(calls)
    ]
    return Server(
        by_stream(
            completion("", reasoning="Look.", tool_calls=calls, finish="tool_calls"),
            sse(*(event(delta) for delta in deltas), end("tool_calls")),
        ),
        by_stream(plain_s(), stream_s()),
    )


@pytest.mark.parametrize("mode", ["sync", "async", "stream"])
@pytest.mark.parametrize("model", [SEES, READS])
def test_an_agent_looks_at_an_mcp_screenshot(model: str, mode: str) -> None:
    server = browsing("a", "b")
    chat = ChatSiliconFlow(model=model, **server.clients)
    agent = create_agent(chat, [take_screenshot], checkpointer=InMemorySaver())
    assert asked(agent, "What is on the pages?", mode)[-1].text == "Hi"
    turns = server.body["messages"]
    check_order(turns)
    results = [turn["content"] for turn in turns if turn["role"] == "tool"]
    pictures = [
        part
        for turn in turns
        if isinstance(turn["content"], list)
        for part in turn["content"]
        if part["type"] == "image_url"
    ]
    if model == SEES:
        assert results == ["Screenshot of a", "Screenshot of b"]
        assert [turn["role"] for turn in turns][-1] == "user"
        assert len(pictures) == 2
    else:
        assert all("[image omitted: " in text for text in results)
        assert pictures == []
    # The pictures are in the thread for good, and the next question is answered too.
    assert asked(agent, "And below?", mode)[-1].text == "Hi"
    check_order(server.body["messages"])


def test_a_thread_with_screenshots_goes_from_a_model_that_sees_to_one_that_reads() -> None:
    memory = InMemorySaver()
    seeing = browsing("a")
    first = create_agent(
        ChatSiliconFlow(model=SEES, **seeing.clients), [take_screenshot], checkpointer=memory
    )
    asked(first, "What is on the page?", "sync")
    reading = Server(plain_s())
    second = create_agent(
        ChatSiliconFlow(model=READS, **reading.clients), [take_screenshot], checkpointer=memory
    )
    assert asked(second, "And below?", "sync")[-1].text == "Hi"
    assert "iVBORw0KGgo" not in str(reading.body["messages"])


def test_a_tool_of_the_users_own_that_gives_a_message_with_a_picture() -> None:
    @tool
    def look(url: str) -> ToolMessage:
        """Look at a page."""
        return ToolMessage([PIXEL], tool_call_id="c1")

    tools: list[BaseTool] = [look]
    server = Server(completion("", tool_calls=[call("look", '{"url": "a"}')]), plain_s())
    agent: Any = create_agent(ChatSiliconFlow(model=SEES, **server.clients), tools)
    assert agent.invoke({"messages": [HumanMessage("Look.")]})["messages"][-1].text == "Hi"
    check_order(server.body["messages"])
    assert server.body["messages"][-1]["content"][-1]["type"] == "image_url"


# --- published packages ---------------------------------------------------------------------------


def test_a_supervisor_whose_expert_is_of_another_provider() -> None:
    """The expert's messages, server tools and all, come back into the supervisor's history."""
    server = Server(
        completion("", tool_calls=[call("transfer_to_searcher", "{}")], finish="tool_calls"),
        plain_s(),
    )
    searcher = create_agent(stranger(*STRANGERS["anthropic with web search"]), [], name="searcher")
    graph = create_supervisor(
        [searcher], model=ChatSiliconFlow(model=READS, **server.clients), output_mode="full_history"
    ).compile()
    messages = graph.invoke({"messages": [HumanMessage("What floats?")]})["messages"]
    assert messages[-1].text == "Hi"
    assert "Ice floats." in str(server.body["messages"])
    check_order(server.body["messages"])


def test_a_supervisor_of_another_provider_whose_expert_is_ours() -> None:
    transfer = tool_call(name="transfer_to_weather", args={}, id="toolu_9")
    boss = stranger(
        AIMessage(
            [
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
                {"type": "tool_use", "id": "toolu_9", "name": "transfer_to_weather", "input": {}},
            ],
            tool_calls=[transfer],
        ),
        AIMessage("The expert says hi."),
    )
    server = Server(plain_s())
    expert = create_agent(
        ChatSiliconFlow(model=READS, **server.clients), [get_weather], name="weather"
    )
    graph = create_supervisor([expert], model=boss).compile()
    messages = graph.invoke({"messages": [HumanMessage("Weather?")]})["messages"]
    assert messages[-1].text == "The expert says hi."
    check_order(server.body["messages"])


class Person(BaseModel):
    """A person that the text is about."""

    name: str
    age: int


async def test_an_extractor_reads_a_history_of_others() -> None:
    server = Server(completion("", tool_calls=[call("Person", '{"name": "Ann", "age": 30}')]))
    extractor = create_extractor(
        ChatSiliconFlow(model=READS, **server.clients), tools=[Person], tool_choice="Person"
    )
    history = [HumanMessage("Who?"), *STRANGERS["openai responses"], HumanMessage("Ann is 30.")]
    found = await extractor.ainvoke({"messages": history})
    assert found["responses"] == [Person(name="Ann", age=30)]
