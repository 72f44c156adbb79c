"""httpx for annotations: `typing.get_type_hints` finds its classes, and imports it only then."""

from __future__ import annotations

from importlib import import_module


class _Httpx:
    def __getattr__(self, name: str) -> object:
        return getattr(import_module("httpx"), name)


httpx = _Httpx()
