"""A module that is imported when something of it is first looked at."""

from __future__ import annotations

from importlib import import_module


class LazyModule:
    """Stands for a module in annotations, which `typing.get_type_hints` resolves.

    Frameworks resolve the annotations of what they are given; a name that exists for type checkers
    only would be a `NameError` there, and importing httpx for it costs 60 ms.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        value: object = getattr(import_module(self._name), name)
        return value
