"""Keys that a function tells: asked at each request, in no stored form."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage
from pydantic import SecretStr

from llama_index_siliconflow import ConfigurationError, SiliconFlow
from tests.llama_index.conftest import CLASSES, Make, Way, use
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]


class Turning:
    """Tell another key each time."""

    def __init__(self, kind: type = str) -> None:
        self.kind = kind
        self.told = 0

    def __call__(self) -> Any:
        self.told += 1
        return self.kind(f"sk-turning-{self.told}")


class TurningLater(Turning):
    async def __call__(self) -> Any:  # type: ignore[override]  # the asynchronous twin
        return super().__call__()


def sent(stub: Stub) -> list[str]:
    return [request.headers["authorization"].removeprefix("Bearer ") for request in stub.requests]


@pytest.mark.parametrize("kind", [str, SecretStr])
@pytest.mark.parametrize("cls", CLASSES)
async def test_the_function_is_asked_at_each_request(
    cls: type, kind: type, stub: Stub, way: Way, make: Make
) -> None:
    component = make(cls, api_key=Turning(kind))
    for _ in range(3):
        await use(component, way)
    assert sent(stub) == ["sk-turning-1", "sk-turning-2", "sk-turning-3"]


@pytest.mark.parametrize("cls", CLASSES)
async def test_an_asynchronous_function_is_awaited(cls: type, stub: Stub, make: Make) -> None:
    component = make(cls, api_key=TurningLater())
    for _ in range(2):
        await use(component, Way(asynchronous=True))
    assert sent(stub) == ["sk-turning-1", "sk-turning-2"]


def test_an_asynchronous_function_is_of_no_use_to_a_synchronous_call(
    stub: Stub, make: Make
) -> None:
    with pytest.raises(ConfigurationError, match="api_key"):
        make(SiliconFlow, api_key=TurningLater()).chat(U)
    assert stub.requests == []


def tell() -> str:
    return "sk-told"


@pytest.mark.parametrize("cls", CLASSES)
async def test_the_function_is_in_no_stored_form_but_a_pickle(
    cls: type, stub: Stub, way: Way, make: Make
) -> None:
    component = make(cls, api_key=tell)
    await use(component, way)
    for text in (repr(component), component.to_json(), str(component.to_dict())):
        assert "tell" not in text
        assert "sk-told" not in text
    twin = pickle.loads(pickle.dumps(component))
    await use(twin, way)
    assert sent(stub) == ["sk-told", "sk-told"]
    twin.close()
    await twin.aclose()
