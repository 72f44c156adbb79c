"""How tests call `client.files`, `client.batches` and `client.messages` of either client."""

from __future__ import annotations

import inspect
from typing import Any

from tests.client.callers import Caller


async def call(ask: Caller, method: str, *args: Any, **arguments: Any) -> Any:
    """`call(ask, "files.create", …)`: the result, awaited where it has to be."""
    found: Any = ask.client
    for name in method.split("."):
        found = getattr(found, name)
    answer = found(*args, **arguments)
    return await answer if inspect.isawaitable(answer) else answer


async def items(ask: Caller, method: str, *args: Any, **arguments: Any) -> list[Any]:
    """All items of what is iterated."""
    found = await call(ask, method, *args, **arguments)
    return [item async for item in found] if hasattr(found, "__aiter__") else list(found)
