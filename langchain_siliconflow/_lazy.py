"""Names of types that only annotations need, and that cost much to import.

LangChain evaluates the annotations of a model's methods (`with_fallbacks(...).bind_tools`), so the
names must be there; through this module they are imported when that happens and not before.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

__all__ = ["BaseTool"]

_HOMES = {"BaseTool": "langchain_core.tools"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
