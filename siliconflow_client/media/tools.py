"""The media tools of a client: called by name, with what a model said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.media.arguments import MEDIA_TOOLS
from siliconflow_client.media.plans import MediaPlan
from siliconflow_client.media.results import MediaResult
from siliconflow_client.media.settings import MediaSettings
from siliconflow_client.protocol.groups import AsyncRun, Run
from siliconflow_client.protocol.options import CallOptions, checked_options


class MediaTools:
    """What an agent may do with images, films and sounds (`client.media_tools(…)`).

    The model chooses no path, no URL and no model: files are written into one folder, under names
    that are made here, and read from nowhere else. No call takes longer than `max_wait` seconds.

    Args:
        run: Runs plans.
        settings: The folder, the limits and the models.
        options: Time limits, retries and headers of each call; see `bounded`.
    """

    def __init__(self, run: Run, settings: MediaSettings, options: CallOptions) -> None:
        self._run = run
        self._settings = settings
        self._options = options

    def call(self, tool: str, arguments: Mapping[str, object]) -> MediaResult:
        """Call a tool.

        Args:
            tool: One of `MEDIA_TOOLS`.
            arguments: What the model said; `None` counts as not said.

        Raises:
            ConfigurationError: The arguments are wrong, before any request.
            SiliconFlowError: Every other failure; see `siliconflow_client.errors`.
        """
        return self._run(media_plan(tool, arguments, self._settings), self._options)


class AsyncMediaTools:
    """The asynchronous twin of `MediaTools`."""

    def __init__(self, run: AsyncRun, settings: MediaSettings, options: CallOptions) -> None:
        self._run = run
        self._settings = settings
        self._options = options

    async def call(self, tool: str, arguments: Mapping[str, object]) -> MediaResult:
        """As `MediaTools.call`."""
        return await self._run(media_plan(tool, arguments, self._settings), self._options)


def media_plan(tool: str, arguments: Mapping[str, object], settings: MediaSettings) -> MediaPlan:
    """Check what a model said.

    Raises:
        ConfigurationError: There is no such tool, or its arguments are wrong.
    """
    found = MEDIA_TOOLS.get(tool)
    if found is None:
        raise ConfigurationError(
            "There is no such tool.", argument="tool", hint=f"there are: {', '.join(MEDIA_TOOLS)}."
        )
    return MediaPlan(found.checked(arguments), settings)


def bounded(
    settings: MediaSettings, options: CallOptions | None, deadline: float | None
) -> CallOptions:
    """Options whose deadline is the shortest of `max_wait`, their own, and that of the client."""
    options = checked_options(options) or CallOptions()
    most = options.deadline or deadline
    return replace(
        options, deadline=settings.max_wait if most is None else min(settings.max_wait, most)
    )
