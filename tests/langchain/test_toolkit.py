"""`SiliconFlowToolkit`: an agent makes media, and no text of a model gets out of the folder."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, ToolException

from langchain_siliconflow import (
    AuthenticationError,
    ChatSiliconFlow,
    ConfigurationError,
    SiliconFlowToolkit,
)
from siliconflow_client import ContentRejectedError, MediaSettings
from siliconflow_simulator import Simulator, when
from tests.double import Double

PROMPT = "A lighthouse that nobody has ever seen"
REFUSED = httpx.Response(451, json={"code": 20021, "message": f"Refused: {PROMPT}"})


class Kit:
    """A toolkit's tools by name, called as an agent calls them, in one of two ways."""

    def __init__(self, asynchronous: bool, folder: Path, **settings: Any) -> None:
        self.asynchronous = asynchronous
        self.toolkit = SiliconFlowToolkit(folder=folder, max_retries=0, **settings)
        self.tools: dict[str, BaseTool] = {tool.name: tool for tool in self.toolkit.get_tools()}

    async def __call__(self, name: str, **arguments: Any) -> ToolMessage:
        call = {"type": "tool_call", "id": "1", "name": name, "args": arguments}
        tool = self.tools[name]
        if self.asynchronous:
            return await tool.ainvoke(call)
        # In a thread: the event loop of the test is none of a synchronous tool's business.
        return await asyncio.to_thread(tool.invoke, call)


Make = Callable[..., Kit]


def files_of(answer: ToolMessage) -> list[Path]:
    return [Path(name) for name in answer.artifact["files"]]


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    return lambda **settings: Kit(request.param, tmp_path / "out", **settings)


async def test_an_answer_names_the_files_and_its_artifact_holds_them(make: Make) -> None:
    simulator = Simulator()
    kit = make(**simulator.settings())
    image = await kit("generate_image", prompt="a cat", seed=7)
    (path,) = files_of(image)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert (image.status, image.text) == ("success", f"The image is saved as {path.name} (seed 7).")
    edited = await kit("edit_image", prompt="a blue cat", images=[path.name])
    assert edited.artifact["files"] != image.artifact["files"]
    spoken = await kit("create_speech", text="Good morning.")
    heard = await kit("transcribe_audio", file=files_of(spoken)[0].name)
    assert heard.text == "Good morning."
    assert json.loads(json.dumps(image.artifact)) == image.artifact


async def test_a_film_is_ordered_and_fetched_without_a_long_wait(make: Make) -> None:
    kit = make(max_wait=1, **Simulator().settings())
    ordered = await kit("submit_video", prompt="waves")
    told = [await kit("video_status", request_id=ordered.artifact["request_id"]) for _ in range(4)]
    assert [one.artifact["status"] for one in told] == ["InQueue", "InQueue", "InProgress", "Succeed"]  # fmt: skip
    assert files_of(told[3])[0].is_file()
    assert all(one.status == "success" for one in told)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "link.png", "http://127.0.0.1:9/a.png", "file:///etc/passwd", "data:image/png;base64,aaaa", "a\0.png", "x" * 10**6],
    ids=["upwards", "absolute", "link", "http", "file", "data", "NUL", "huge"],
)  # fmt: skip
async def test_no_name_leads_out_of_the_folder(make: Make, name: str, tmp_path: Path) -> None:
    simulator = Simulator()
    (tmp_path / "out").mkdir()
    (tmp_path / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))
    (tmp_path / "out" / "link.png").symlink_to(tmp_path / "secret.png")
    kit = make(**simulator.settings())
    for tool, arguments in (
        ("edit_image", {"prompt": "a", "images": [name]}),
        ("transcribe_audio", {"file": name}),
        ("submit_video", {"prompt": "a", "image": name}),
    ):
        answer = await kit(tool, **arguments)
        assert answer.status == "error"
        assert answer.text.startswith("ConfigurationError: ")
        assert len(answer.text) < 300
        assert "secret" not in answer.text
    assert simulator.requests == []


async def test_arguments_that_do_not_fit_are_told_without_their_values(make: Make) -> None:
    simulator = Simulator()
    kit = make(**simulator.settings())
    huge = await kit("generate_image", prompt=PROMPT * 10_000)
    extra = await kit("generate_image", prompt=PROMPT, output_path=f"/tmp/{PROMPT}")
    for answer in (huge, extra):
        assert answer.status == "error"
        assert "lighthouse" not in answer.text
        assert len(answer.text) < 300
    assert "at most 20000 characters" in huge.text
    assert simulator.requests == []


async def test_a_failure_that_an_agent_can_go_on_from_is_a_message_without_the_prompt(
    make: Make,
) -> None:
    with Double(REFUSED) as server:
        answer = await make(api_key="sk-secret", base_url=server.url)("generate_image", prompt=PROMPT)  # fmt: skip
    assert answer.status == "error"
    assert answer.text.startswith("ContentRejectedError: HTTP 451, code 20021: Refused: …")
    assert "lighthouse" not in answer.text
    assert "sk-secret" not in answer.text
    assert "Hint: " in answer.text


async def test_it_can_be_raised_instead(make: Make) -> None:
    with Double(REFUSED) as server:
        kit = make(api_key="sk-secret", base_url=server.url, handle_tool_error=False)
        with pytest.raises(ToolException, match="ContentRejectedError") as caught:
            await kit("generate_image", prompt=PROMPT)
    assert isinstance(caught.value.__cause__, ContentRejectedError)
    assert caught.value.__cause__.code == 20021
    assert "lighthouse" not in str(caught.value) + repr(caught.value)


async def test_it_can_be_put_into_other_words(make: Make) -> None:
    with Double(REFUSED) as server:
        kit = make(api_key="sk", base_url=server.url, handle_tool_error=lambda error: "No.")
        assert (await kit("generate_image", prompt=PROMPT)).text == "No."


async def test_a_failure_that_is_the_developers_is_raised_whatever_is_handled(make: Make) -> None:
    with Double(httpx.Response(401, json={"code": 30014, "message": "Token is invalid."})) as server:  # fmt: skip
        with pytest.raises(AuthenticationError):
            await make(api_key="sk-secret", base_url=server.url)("generate_image", prompt=PROMPT)


async def test_an_agent_sees_an_error_and_goes_on(make: Make, tmp_path: Path) -> None:
    simulator = Simulator(
        answers=[
            when("Edit it")
            .calls("edit_image", prompt="blue", images=["../cat.png"])
            .then.calls("edit_image", prompt="blue", images=["cat.png"])
            .then.says("Done."),
        ]
    )
    kit = make(**simulator.settings())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))
    chat = ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **simulator.settings())
    agent: Any = create_agent(chat, list(kit.tools.values()))
    asked = {"messages": [HumanMessage("Edit it")]}
    answer = await agent.ainvoke(asked) if kit.asynchronous else agent.invoke(asked)
    tools = [message for message in answer["messages"] if isinstance(message, ToolMessage)]
    assert [message.status for message in tools] == ["error", "success"]
    assert "the folder holds: cat.png" in tools[0].text
    assert files_of(tools[1])[0].is_file()
    assert answer["messages"][-1].text == "Done."


def test_settings_come_from_the_environment_and_mistakes_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-env")
    assert SiliconFlowToolkit().folder == Path("out")
    assert SiliconFlowToolkit().max_wait == 300
    with pytest.raises(ConfigurationError, match="did you mean 'folder'"):
        SiliconFlowToolkit(fodler="out")
    for wrong in ({"max_wait": 0}, {"folder": 5}, {"speech_format": "aiff"}):
        with pytest.raises(ConfigurationError) as caught:
            SiliconFlowToolkit(**wrong)
        assert caught.value.argument in wrong


def test_the_clients_settings_are_the_toolkits_fields() -> None:
    for name, field in MediaSettings.model_fields.items():
        ours = SiliconFlowToolkit.model_fields[name]
        assert (ours.default, ours.description) == (field.default, field.description), name


def test_a_toolkit_shows_no_key(tmp_path: Path) -> None:
    toolkit = SiliconFlowToolkit(folder=tmp_path, api_key="sk-secret")
    shown = repr(toolkit) + repr(toolkit.get_tools()) + str(toolkit.model_dump())
    assert "sk-secret" not in shown


async def test_a_tool_takes_one_text_from_agents_that_know_no_arguments(make: Make) -> None:
    kit = make(**Simulator().settings())
    tools = kit.tools
    for name, text, answer in (
        ("generate_image", "a cat", "The image is saved"),
        ("create_speech", "Good morning.", "The speech is saved"),
        ("video_status", "unknown", "NotFoundError: "),
        ("edit_image", "a cat", "images: Field required"),
    ):
        said = await tools[name].ainvoke(text) if kit.asynchronous else tools[name].invoke(text)
        assert answer in said


def test_tools_are_copied_and_pickled_like_models(tmp_path: Path) -> None:
    simulator = Simulator()
    tool = SiliconFlowToolkit(folder=tmp_path, **simulator.settings()).get_tools()[2]
    assert copy.deepcopy(tool).invoke({"text": "Hi"}) == tool.invoke({"text": "Hi"})
    for travelled in pickle.loads(
        pickle.dumps(SiliconFlowToolkit(folder=tmp_path, api_key="sk").get_tools())
    ):
        assert travelled.invoke({}).startswith("ConfigurationError: ")


@pytest.mark.parametrize("name", ["_run", "_arun"])
def test_langchain_can_read_the_annotations(name: str, tmp_path: Path) -> None:
    tool = SiliconFlowToolkit(folder=tmp_path, api_key="sk").get_tools()[0]
    assert "return" in typing.get_type_hints(getattr(tool, name))
