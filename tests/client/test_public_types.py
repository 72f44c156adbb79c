"""Frameworks resolve the annotations of what they are given, so they must resolve."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator

import pytest

import siliconflow_client


def public_callables() -> Iterator[tuple[str, object]]:
    for name in siliconflow_client.__all__:
        value = getattr(siliconflow_client, name)
        if inspect.isclass(value):
            yield name, value
            members = {k: v for cls in reversed(value.__mro__[:3]) for k, v in vars(cls).items()}
            for own, member in members.items():
                function = member.fget if isinstance(member, property) else member
                # pydantic's own are not ours to mend.
                if inspect.isfunction(function) and not function.__module__.startswith("pydantic"):
                    yield f"{name}.{own}", function
        elif inspect.isfunction(function := inspect.unwrap(value) if callable(value) else None):
            yield name, function


CALLABLES = dict(public_callables())


def test_the_walk_finds_them():
    assert len(CALLABLES) > 200
    assert {"SiliconFlowClient.chat", "AsyncSiliconFlowClient.embed_many", "lookup_model"} <= set(
        CALLABLES
    )


@pytest.mark.parametrize("name", CALLABLES)
def test_annotations_resolve(name: str):
    hints = typing.get_type_hints(CALLABLES[name])
    assert not [hint for hint in hints.values() if isinstance(hint, str | typing.ForwardRef)]
