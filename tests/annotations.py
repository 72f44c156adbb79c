"""Every callable that a package offers to its users, for tests of what stands beside each."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any


def public_callables(package: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every exported callable, and every public method that the package defines for one."""
    for name in package.__all__:
        value = getattr(package, name)
        if not callable(value):
            continue
        yield name, value
        if not inspect.isclass(value):
            continue
        for member in dir(value):
            if member.startswith("_") and member != "__init__":
                continue
            found = inspect.getattr_static(value, member)
            if isinstance(found, property):
                found = found.fget
            elif isinstance(found, classmethod | staticmethod):
                found = found.__func__
            found = inspect.unwrap(found) if callable(found) else found
            home = str(getattr(found, "__module__", ""))
            if callable(found) and home.startswith(package.__name__):
                yield f"{name}.{member}", found


def check_annotations(value: Callable[..., Any]) -> None:
    """Assert that all annotations of a callable can be evaluated."""
    hints = typing.get_type_hints(value)
    assert set(getattr(value, "__annotations__", {})) <= set(hints)
