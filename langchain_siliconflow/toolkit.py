"""Tools that make and read media, for LangChain's agents."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, Unpack

from langchain_core.tools import BaseTool, BaseToolkit, ToolException
from pydantic import Field, PrivateAttr, ValidationError

from langchain_siliconflow._errors import langchain_errors
from langchain_siliconflow._keywords import ToolkitKeywords
from langchain_siliconflow._settings import ConnectionSettings
from siliconflow_client import (
    MEDIA_TOOLS,
    AsyncMediaTools,
    JsonObject,
    MediaSettings,
    MediaTool,
    MediaTools,
    SiliconFlowError,
)

OnToolError = bool | str | Callable[[ToolException], str | Sequence[str | dict[str, Any]]] | None


class SiliconFlowToolkit(ConnectionSettings, MediaSettings, BaseToolkit):
    """Let an agent make images, speech and films, edit images, and write recordings down.

    Files are written into one folder and read from it: what the agent is to edit or to write down
    has to be put there. The model names files, and nothing else: no path, no URL, no model.
    `submit_video` answers at once, and no call takes longer than `max_wait` seconds: a film that is
    not made by then is asked for again with `video_status`.

    What a tool answers is a message for the model and, as the message's `artifact`, a dictionary
    with the paths under `"files"` and what else is known (`seed`, `request_id`, `status`,
    `trace_id`).

    A failure that the agent can go on from (a refused prompt, a name that is no file, a busy
    server, a film that failed) is a `ToolException`, which becomes an error message for the model;
    `handle_tool_error=False` raises it. One that it cannot mend (the key, the balance, a model that
    is not there, a folder that cannot be written to) is raised always, as everywhere else.

    ```python
    from langchain_siliconflow import SiliconFlowToolkit

    toolkit = SiliconFlowToolkit(folder="out", max_wait=300)
    tools = {tool.name: tool for tool in toolkit.get_tools()}
    print(tools["generate_image"].invoke({"prompt": "A loaf of bread"}))
    ```
    """

    handle_tool_error: OnToolError = Field(
        default=True,
        description="What becomes of a failure that an agent can go on from; see `BaseTool`.",
    )

    def __init__(self, **data: Unpack[ToolkitKeywords]) -> None:
        """See the fields; other packages' names for those of the connection work too."""
        super().__init__(**data)

    def get_tools(self) -> list[BaseTool]:
        """Return all tools, which share this toolkit's connections."""
        media = self._client.media_tools(self)
        async_media = self._async_client.media_tools(self)
        return [
            _SiliconFlowTool(
                tool=tool, media=media, async_media=async_media, on_error=self.handle_tool_error
            )
            for tool in MEDIA_TOOLS.values()
        ]


class _SiliconFlowTool(BaseTool):
    """One of the client's media tools."""

    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"

    _tool: MediaTool = PrivateAttr()
    _media: MediaTools = PrivateAttr()
    _async_media: AsyncMediaTools = PrivateAttr()

    def __init__(
        self,
        *,
        tool: MediaTool,
        media: MediaTools,
        async_media: AsyncMediaTools,
        on_error: OnToolError,
    ) -> None:
        super().__init__(
            name=tool.name,
            description=tool.description,
            args_schema=tool.arguments,
            handle_tool_error=on_error,
            handle_validation_error=partial(_refused, tool),
        )
        self._tool = tool
        self._media = media
        self._async_media = async_media

    def _run(self, *text: Any, **arguments: Any) -> tuple[str, JsonObject]:
        with self._failures():
            result = self._media.call(self._tool.name, self._said(text, arguments))
        return result.text, result.artifact

    async def _arun(self, *text: Any, **arguments: Any) -> tuple[str, JsonObject]:
        with self._failures():
            result = await self._async_media.call(self._tool.name, self._said(text, arguments))
        return result.text, result.artifact

    def _said(self, text: tuple[Any, ...], arguments: dict[str, Any]) -> dict[str, Any]:
        """Name what came without a name: agents that know no arguments give one text."""
        return {**dict(zip(self._tool.arguments.model_fields, text, strict=False)), **arguments}

    @contextmanager
    def _failures(self) -> Generator[None]:
        with langchain_errors():
            try:
                yield
            except SiliconFlowError as error:
                if not self._tool.can_go_on(error):
                    raise
                raise ToolException(_told(error)) from error


def _refused(tool: MediaTool, error: Any) -> str:
    assert isinstance(error, ValidationError)  # `args_schema` is a class of pydantic 2
    return _told(tool.refusal(error))


def _told(error: SiliconFlowError) -> str:
    return f"{type(error).__name__}: {error}"
