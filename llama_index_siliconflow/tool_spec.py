"""Tools that make and read media, for LlamaIndex's agents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from llama_index.core.tools.tool_spec.base import BaseToolSpec
from llama_index.core.tools.types import ToolMetadata

from llama_index_siliconflow._connection import Connection
from llama_index_siliconflow._keywords import ToolSpecKeywords
from siliconflow_client import MEDIA_TOOLS, MediaResult, MediaSettings


class MediaToolSettings(Connection, MediaSettings):
    """Where to ask, and what the tools may do."""

    def call(self, tool: str, arguments: Mapping[str, object]) -> MediaResult:
        """Call a tool of the client."""
        tools = self._sync_client().media_tools(self, options=self._options())
        return tools.call(tool, arguments)

    async def acall(self, tool: str, arguments: Mapping[str, object]) -> MediaResult:
        """Do as `call`."""
        tools = self._async_client().media_tools(self, options=self._options())
        return await tools.call(tool, arguments)


class SiliconFlowToolSpec(BaseToolSpec):
    """Let an agent make images, speech and films, edit images, and write recordings down.

    Files are written into one folder and read from it: what the agent is to edit or to write down
    has to be put there. The model names files, and nothing else: no path, no URL, no model.
    `submit_video` answers at once, and no call takes longer than `max_wait` seconds: a film that is
    not made by then is asked for again with `video_status`.

    What a tool answers is a `MediaResult`: its text is what the model reads, and `raw_output` of
    the `ToolOutput` holds the paths (`.files`) and what else is known. A failure is a
    `SiliconFlowError`; agents tell the model its text, which shows neither key nor prompt.

    The methods take all but their first argument by name, as a model gives them; `MEDIA_TOOLS` of
    `siliconflow_client` says which there are.

    Args:
        folder: The only folder that is written to and read from; made when it is needed.
        max_wait: Most seconds that one call takes, downloads included.
        settings: The other fields of `MediaSettings` (who makes what), and those of the
            connection (`api_key`, `base_url`, `timeout`, `max_retries`, …).

    Raises:
        ConfigurationError: A setting that is wrong, or that does not exist.

    Examples:
        ```python
        from llama_index_siliconflow import SiliconFlowToolSpec

        for tool in SiliconFlowToolSpec(folder="out").to_tool_list():
            print(tool.metadata.name, tool.metadata.description)
        ```
    """

    spec_functions = [(name, f"a{name}") for name in MEDIA_TOOLS]  # noqa: RUF012  # as LlamaIndex has it

    def __init__(
        self,
        folder: str | Path = "out",
        max_wait: float = 300,
        **settings: Unpack[ToolSpecKeywords],
    ) -> None:
        fields: dict[str, Any] = {"folder": folder, "max_wait": max_wait, **settings}
        self.settings = MediaToolSettings(**fields)

    def close(self) -> None:
        """Close the connections of synchronous calls; a later call opens new ones."""
        self.settings.close()

    async def aclose(self) -> None:
        """Close the connections of asynchronous calls; a later call opens new ones."""
        await self.settings.aclose()

    def get_metadata_from_fn_name(
        self, fn_name: str, spec_functions: list[Any] | None = None
    ) -> ToolMetadata | None:
        """Describe a tool to the model: not by its Python signature, but as the client does."""
        tool = MEDIA_TOOLS.get(fn_name)
        if tool is None:  # one that a subclass has added
            return super().get_metadata_from_fn_name(fn_name, spec_functions)
        return ToolMetadata(tool.description, tool.name, tool.arguments)

    def generate_image(self, prompt: str | None = None, **arguments: Any) -> MediaResult:
        """Make an image, and save it: `prompt`, `negative_prompt`, `image_size`, `seed`."""
        return self.settings.call("generate_image", {"prompt": prompt, **arguments})

    async def agenerate_image(self, prompt: str | None = None, **arguments: Any) -> MediaResult:
        """Do as `generate_image`."""
        return await self.settings.acall("generate_image", {"prompt": prompt, **arguments})

    def edit_image(self, prompt: str | None = None, **arguments: Any) -> MediaResult:
        """Change up to three images, and save the result: `prompt`, `images`, and more."""
        return self.settings.call("edit_image", {"prompt": prompt, **arguments})

    async def aedit_image(self, prompt: str | None = None, **arguments: Any) -> MediaResult:
        """Do as `edit_image`."""
        return await self.settings.acall("edit_image", {"prompt": prompt, **arguments})

    def create_speech(self, text: str | None = None, **arguments: Any) -> MediaResult:
        """Read a text aloud, and save the sound: `text`, `voice`, `speed`."""
        return self.settings.call("create_speech", {"text": text, **arguments})

    async def acreate_speech(self, text: str | None = None, **arguments: Any) -> MediaResult:
        """Do as `create_speech`."""
        return await self.settings.acall("create_speech", {"text": text, **arguments})

    def transcribe_audio(self, file: str | None = None, **arguments: Any) -> MediaResult:
        """Write down what is said in a recording: `file`."""
        return self.settings.call("transcribe_audio", {"file": file, **arguments})

    async def atranscribe_audio(self, file: str | None = None, **arguments: Any) -> MediaResult:
        """Do as `transcribe_audio`."""
        return await self.settings.acall("transcribe_audio", {"file": file, **arguments})

    def submit_video(self, prompt: str | None = None, **arguments: Any) -> MediaResult:
        """Order a film, and return its `request_id` at once: `prompt`, `image`, and more."""
        return self.settings.call("submit_video", {"prompt": prompt, **arguments})

    async def asubmit_video(self, prompt: str | None = None, **arguments: Any) -> MediaResult:
        """Do as `submit_video`."""
        return await self.settings.acall("submit_video", {"prompt": prompt, **arguments})

    def video_status(self, request_id: str | None = None, **arguments: Any) -> MediaResult:
        """Ask how far a film is, for `max_wait` seconds at most: `request_id`."""
        return self.settings.call("video_status", {"request_id": request_id, **arguments})

    async def avideo_status(self, request_id: str | None = None, **arguments: Any) -> MediaResult:
        """Do as `video_status`."""
        return await self.settings.acall("video_status", {"request_id": request_id, **arguments})
