"""`SiliconFlowToolSpec`: an agent makes media, and no text of a model gets out of the folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from llama_index.core.agent.workflow import FunctionAgent, ToolCallResult
from llama_index.core.tools import FunctionTool, ToolOutput

from langchain_siliconflow import SiliconFlowToolkit
from llama_index_siliconflow import (
    AuthenticationError,
    ConfigurationError,
    ContentRejectedError,
    SiliconFlow,
    SiliconFlowToolSpec,
)
from siliconflow_client import MEDIA_TOOLS, MediaResult, SiliconFlowError
from siliconflow_simulator import Simulator, when
from tests.double import Double
from tests.llama_index.conftest import agents_warn

PROMPT = "A lighthouse that nobody has ever seen"
REFUSED = httpx.Response(451, json={"code": 20021, "message": f"Refused: {PROMPT}"})


class Spec:
    """A spec's tools by name, called as an agent calls them, in one of two ways."""

    def __init__(self, asynchronous: bool, folder: Path, **settings: Any) -> None:
        self.asynchronous = asynchronous
        self.spec = SiliconFlowToolSpec(folder=folder, **{"max_retries": 0, **settings})
        self.tools = {tool.metadata.get_name(): tool for tool in self.spec.to_tool_list()}

    async def __call__(self, name: str, **arguments: Any) -> ToolOutput:
        if self.asynchronous:
            return await self.tools[name].acall(**arguments)
        return await asyncio.to_thread(self.tools[name].call, **arguments)


Make = Callable[..., Spec]


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    return lambda **settings: Spec(request.param, tmp_path / "out", **settings)


async def test_an_answer_names_the_files_and_its_raw_output_holds_them(make: Make) -> None:
    spec = make(**Simulator().settings())
    image = await spec("generate_image", prompt="a cat", seed=7)
    assert isinstance(image.raw_output, MediaResult)
    (path,) = image.raw_output.files
    assert path.read_bytes().startswith(b"\x89PNG")
    assert (image.is_error, image.content) == (False, f"The image is saved as {path.name} (seed 7).")  # fmt: skip
    edited = await spec("edit_image", prompt="a blue cat", images=[path.name])
    assert edited.raw_output.files != image.raw_output.files
    spoken = await spec("create_speech", text="Good morning.")
    heard = await spec("transcribe_audio", file=spoken.raw_output.files[0].name)
    assert heard.content == "Good morning."


async def test_a_film_is_ordered_and_fetched_without_a_long_wait(make: Make) -> None:
    spec = make(max_wait=1, **Simulator().settings())
    ordered = await spec("submit_video", prompt="waves")
    request_id = ordered.raw_output.request_id
    assert request_id in ordered.content
    told = [await spec("video_status", request_id=request_id) for _ in range(4)]
    assert [one.raw_output.status for one in told] == ["InQueue", "InQueue", "InProgress", "Succeed"]  # fmt: skip
    assert told[3].raw_output.files[0].is_file()


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
    spec = make(**simulator.settings())
    for tool, arguments in (
        ("edit_image", {"prompt": "a", "images": [name]}),
        ("transcribe_audio", {"file": name}),
        ("submit_video", {"prompt": "a", "image": name}),
    ):
        with pytest.raises(ConfigurationError) as caught:
            await spec(tool, **arguments)
        assert len(str(caught.value)) < 300
        assert "secret" not in str(caught.value)
    assert simulator.requests == []


async def test_arguments_that_do_not_fit_are_told_without_their_values(make: Make) -> None:
    simulator = Simulator()
    spec = make(**simulator.settings())
    for arguments in (
        {"prompt": PROMPT * 10_000},
        {"prompt": PROMPT, "output_path": f"/tmp/{PROMPT}"},
        {"text": PROMPT},
        {},
    ):
        with pytest.raises(ConfigurationError) as caught:
            await spec("generate_image", **arguments)
        assert "lighthouse" not in str(caught.value)
        assert len(str(caught.value)) < 300
    assert simulator.requests == []


async def test_a_failure_is_typed_and_shows_neither_prompt_nor_key(make: Make) -> None:
    with Double(REFUSED) as server:
        spec = make(api_key="sk-secret", base_url=server.url)
        with pytest.raises(ContentRejectedError, match="Refused: …") as caught:
            await spec("generate_image", prompt=PROMPT)
    shown = str(caught.value) + repr(caught.value)
    assert "lighthouse" not in shown
    assert "sk-secret" not in shown
    assert caught.value.code == 20021
    assert caught.value.hint


async def test_settings_of_the_connection_hold_for_the_tools(make: Make, tmp_path: Path) -> None:
    limited = httpx.Response(429, json={"message": "rate limiting"}, headers={"retry-after": "50"})
    asked: list[int] = []
    for settings in ({"max_retries": 0}, {"max_wait": 40}, {"deadline": 40}):
        with Double(limited) as server:
            spec = make(api_key="sk", base_url=server.url, **{"max_retries": 2, **settings})
            with pytest.raises(SiliconFlowError):
                await spec("generate_image", prompt="a")
            asked.append(len(server.requests))
    assert asked == [1, 1, 1], "the wait of 50 seconds is not begun"


@agents_warn
async def test_an_agent_sees_an_error_and_goes_on(tmp_path: Path) -> None:
    simulator = Simulator(
        answers=[
            when("Edit it")
            .calls("edit_image", prompt="blue", images=["../cat.png"])
            .then.calls("edit_image", prompt="blue", images=["cat.png"])
            .then.says("Done."),
        ]
    )
    (tmp_path / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))
    spec = SiliconFlowToolSpec(folder=tmp_path, **simulator.settings())
    llm = SiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **simulator.settings())
    tools: Any = spec.to_tool_list()
    handler = FunctionAgent(tools=tools, llm=llm).run("Edit it")
    results = [
        event.tool_output
        async for event in handler.stream_events()
        if isinstance(event, ToolCallResult)
    ]
    answer = await handler
    assert [result.is_error for result in results] == [True, False]
    assert "the folder holds: cat.png" in results[0].content
    assert results[1].raw_output.files[0].is_file()
    assert str(answer) == "Done."


def test_settings_come_from_the_environment_and_mistakes_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-env")
    settings = SiliconFlowToolSpec().settings
    assert (settings.folder, settings.max_wait) == (Path("out"), 300)
    with pytest.raises(ConfigurationError, match="did you mean 'image_model'"):
        SiliconFlowToolSpec(image_modle="x")
    for wrong in ({"max_wait": 0}, {"folder": 5}, {"speech_format": "aiff"}):
        with pytest.raises(ConfigurationError) as caught:
            SiliconFlowToolSpec(**wrong)
        assert caught.value.argument in wrong


async def test_a_missing_key_is_missed_at_the_first_call(make: Make) -> None:
    with pytest.raises(ConfigurationError, match="SILICONFLOW_API_KEY"):
        await make()("generate_image", prompt="a")


async def test_a_wrong_key_is_named(make: Make) -> None:
    with Double(httpx.Response(401, json={"code": 30014, "message": "Token is invalid."})) as server:  # fmt: skip
        with pytest.raises(AuthenticationError):
            await make(api_key="sk-secret", base_url=server.url)("generate_image", prompt="a")


def test_both_frameworks_have_the_same_tools_with_the_same_words(tmp_path: Path) -> None:
    ours = SiliconFlowToolSpec(folder=tmp_path, api_key="sk").to_tool_list()
    theirs = SiliconFlowToolkit(folder=tmp_path, api_key="sk").get_tools()
    assert [tool.metadata.name for tool in ours] == [tool.name for tool in theirs]
    for tool, other in zip(ours, theirs, strict=True):
        assert tool.metadata.description == other.description
        assert tool.metadata.fn_schema is other.args_schema


def test_each_tool_has_a_method_of_its_name_and_an_asynchronous_twin(tmp_path: Path) -> None:
    spec = SiliconFlowToolSpec(folder=tmp_path, api_key="sk")
    for tool in spec.to_tool_list():
        name = tool.metadata.get_name()
        assert isinstance(tool, FunctionTool)
        assert tool.fn == getattr(spec, name)
        assert tool.async_fn == getattr(spec, f"a{name}")
    assert [pair[0] for pair in spec.spec_functions] == list(MEDIA_TOOLS)


def test_a_subclass_may_add_its_own_tools(tmp_path: Path) -> None:
    class Mine(SiliconFlowToolSpec):
        spec_functions = [*SiliconFlowToolSpec.spec_functions, "weather"]  # noqa: RUF012

        def weather(self, city: str) -> str:
            """Tell the weather."""
            return f"{city}: sunny"

    tool = Mine(folder=tmp_path, api_key="sk").to_tool_list()[-1]
    assert tool.metadata.get_parameters_dict()["required"] == ["city"]
    assert tool.call(city="Paris").content == "Paris: sunny"


async def test_the_first_argument_needs_no_name(make: Make) -> None:
    spec = make(**Simulator().settings())
    assert (await way_of(spec, "generate_image", "a cat")).files
    with pytest.raises(ConfigurationError, match="images: Field required"):
        await way_of(spec, "edit_image", "a cat")


async def way_of(spec: Spec, name: str, *args: Any) -> Any:
    if spec.asynchronous:
        return await getattr(spec.spec, f"a{name}")(*args)
    return getattr(spec.spec, name)(*args)


def test_an_output_is_written_down_as_json(tmp_path: Path) -> None:
    """LlamaIndex's workflows keep outputs of tools so."""
    spec = SiliconFlowToolSpec(folder=tmp_path, **Simulator().settings())
    output: Any = spec.to_tool_list()[0].call(prompt="a cat")
    told = json.loads(output.model_dump_json())["raw_output"]
    assert told["files"] == [str(output.raw_output.files[0])]


async def test_connections_can_be_closed_and_are_opened_again(make: Make) -> None:
    spec = make(**Simulator().settings())
    spec.spec.close()
    await spec.spec.aclose()
    assert (await spec("create_speech", text="Hi")).raw_output.files
