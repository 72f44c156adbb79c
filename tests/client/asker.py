"""A client of one kind with media tools in a folder, and what they are asked to make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from siliconflow_client import MediaSettings
from tests.client.callers import Caller, settled

PROMPT = "A lighthouse that nobody has ever seen before, painted on a Thursday in the rain"
SEVERAL_LINES = 'Zwei Häuser\n\n灯塔 at night, with a "keeper" who reads\nand nobody else'
MADE = {
    "generate_image": {"prompt": PROMPT},
    "create_speech": {"text": PROMPT},
    "submit_video": {"prompt": PROMPT},
}


class Asker(Caller):
    """A client with media tools in a folder."""

    def __init__(self, kind: str, handler: Any, folder: Path, **settings: Any) -> None:
        super().__init__(kind, handler, max_retries=0)
        self.tools = self.client.media_tools(MediaSettings(folder=folder, **settings))

    async def tool(self, name: str, **arguments: Any) -> Any:
        return await settled(self.tools.call(name, arguments))
