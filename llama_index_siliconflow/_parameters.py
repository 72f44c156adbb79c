"""The request's parameters as fields, described by the client's table."""

from __future__ import annotations

from typing import Any, Literal

from llama_index.core.bridge.pydantic import Field

from siliconflow_client import parameters_of


def from_table(endpoint: Literal["chat", "completions"], name: str) -> Any:
    """Make the field of a parameter: not sent unless it is set.

    Values that cannot mean anything are refused at once; documented ranges are the server's to
    enforce, since a newer model may allow more.
    """
    entry = parameters_of(endpoint)[name]
    return Field(default=None, description=entry.description, ge=1 if entry.positive else None)
