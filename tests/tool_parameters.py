"""For every parameter of images, films and speech: the call of a media tool that has to send it.

The names come from the client's typed requests, as in `tests/simulator/parameter_values.py`.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from siliconflow_client import MEDIA_TOOLS
from tests.simulator.parameter_values import NAMES, request_with

TOOLS: Final = {"images": "generate_image", "video": "submit_video", "speech": "create_speech"}
MODELS: Final = {"images": "image_model", "video": "video_model", "speech": "speech_model"}
FURTHER: Final = {
    "images": "image_parameters",
    "video": "video_parameters",
    "speech": "speech_parameters",
}
"""The settings in which a developer gives what no model may say."""
# `stream` is the tools' own to decide: a file is written when it is whole.
TOOL_PARAMETERS: Final = [
    (endpoint, name)
    for endpoint, name in NAMES
    if endpoint in TOOLS and (endpoint, name) != ("speech", "stream")
]
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(9)
_URI: Final = f"data:image/png;base64,{b64encode(PNG).decode()}"
_FILE: Final = "begin.png"
_SOURCES: Final[dict[tuple[str, str], tuple[dict[str, str], str, dict[str, Any]]]] = {
    ("images", "image"): ({}, "edit_image", {"prompt": "a", "images": [_FILE]}),
    ("images", "image2"): ({}, "edit_image", {"prompt": "a", "images": [_FILE] * 2}),
    ("images", "image3"): ({}, "edit_image", {"prompt": "a", "images": [_FILE] * 3}),
    ("images", "input_image"): (
        {"edit_model": "black-forest-labs/FLUX.1-Kontext-dev"},
        "edit_image",
        {"prompt": "a", "images": [_FILE]},
    ),
    ("video", "image"): ({}, "submit_video", {"prompt": "a", "image": _FILE}),
}


@dataclass(frozen=True)
class ToolCall:
    """What a developer sets, what a model says, and what has to arrive."""

    tool: str
    settings: dict[str, Any]
    arguments: dict[str, Any]
    name: str
    value: Any = field(repr=False)

    def check(self, body: Any) -> None:
        """See that the parameter has arrived."""
        assert body[self.name] == self.value
        # The recordings of a dialogue come in place of a voice (docs/wire.md#audio).
        assert "references" not in body or "voice" not in body


def tool_call(endpoint: str, name: str, folder: Path) -> ToolCall:
    """A call that sends a parameter, by the model where it may say it, else by the settings."""
    if (endpoint, name) in _SOURCES:
        folder.mkdir(parents=True)
        (folder / _FILE).write_bytes(PNG)
        given, tool, said = _SOURCES[endpoint, name]
        return ToolCall(tool, dict(given), said, name, _URI)
    tool = TOOLS[endpoint]
    request = request_with(endpoint, name)
    settings: dict[str, Any] = {MODELS[endpoint]: request["model"]}
    arguments: dict[str, Any] = {"text" if endpoint == "speech" else "prompt": "Hello"}
    if "response_format" in request:
        settings["speech_format"] = request["response_format"]
    value: Any = request[name]
    if name == "voice":
        arguments[name], value = "anna", f"{request['model']}:anna"
    elif name in ("prompt", "input"):
        value = "Hello"
    elif name in MEDIA_TOOLS[tool].arguments.model_fields:
        arguments[name] = value
    elif name not in ("model", "response_format"):
        settings[FURTHER[endpoint]] = {name: value}
    return ToolCall(tool, settings, arguments, name, value)
