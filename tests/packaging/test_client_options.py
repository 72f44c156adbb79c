"""What can be said to the client can be said to every class of both adapters."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from typing import Any, TypedDict

import pytest
from langchain_core.language_models import BaseLanguageModel
from langchain_core.load import dumpd
from pydantic import BaseModel

import langchain_siliconflow
import llama_index_siliconflow
from siliconflow_client import ClientConfig, ConfigurationError, Limits, UsageMeter
from siliconflow_client._core import Settings
from tests.client.callers import KEY

OPTIONS = set(inspect.signature(ClientConfig.__init__).parameters) - {"self"}
LEFT_OUT = {"framework": "the adapter says itself which framework it belongs to"}
"""Options that no class of an adapter has, and why."""
OF_ANSWERS = dict.fromkeys(
    ("empty_answers", "fallback_models", "long_answers", "mend_reasoning", "tool_markup"),
    "only answers in words are empty, long, mended or handed to another model",
)
"""Options that embedding models and rerankers have no use for."""

CHAT = {
    "langchain_siliconflow": ("ChatSiliconFlow", "SiliconFlowLLM"),
    "llama_index_siliconflow": ("SiliconFlow", "SiliconFlowCompletion"),
}
OTHERS = {
    "langchain_siliconflow": (
        "SiliconFlowAudioParser",
        "SiliconFlowEmbeddings",
        "SiliconFlowOCRParser",
        "SiliconFlowRerank",
        "SiliconFlowToolkit",
    ),
    "llama_index_siliconflow": (
        "SiliconFlowAudioReader",
        "SiliconFlowEmbedding",
        "SiliconFlowMultiModalEmbedding",
        "SiliconFlowOCRReader",
        "SiliconFlowRerank",
    ),
}
PACKAGES = {
    "langchain_siliconflow": langchain_siliconflow,
    "llama_index_siliconflow": llama_index_siliconflow,
}
CLASSES: list[type[BaseModel]] = [
    getattr(PACKAGES[package], name)
    for table in (CHAT, OTHERS)
    for package, names in table.items()
    for name in names
]
named = pytest.mark.parametrize(
    "cls", CLASSES, ids=lambda cls: f"{cls.__module__.partition('_')[0]}-{cls.__name__}"
)


def is_chat(cls: type) -> bool:
    return any(cls.__name__ in names for names in CHAT.values())


def keywords(cls: type[BaseModel]) -> set[str]:
    """Fields, and the arguments of constructors that are no fields."""
    arguments = (inspect.signature(base.__init__).parameters for base in cls.__mro__)
    return set(cls.model_fields).union(*arguments)


def test_every_class_that_connects_is_looked_at():
    for package in PACKAGES.values():
        for name in package.__all__:
            value = getattr(package, name)
            connects = isinstance(value, type) and "api_key" in getattr(value, "model_fields", {})
            assert connects is (value in CLASSES), name


@named
def test_a_class_takes_every_option_of_the_client(cls: type[BaseModel]):
    excluded = {**LEFT_OUT, **({} if is_chat(cls) else OF_ANSWERS)}
    assert OPTIONS - set(excluded) <= keywords(cls)
    assert set(excluded) & keywords(cls) == set(), "an exclusion that is none"


def test_the_clients_keywords_are_typed():
    assert set(Settings.__annotations__) == OPTIONS


class Given(TypedDict):
    limits: Limits
    on_usage: UsageMeter
    async_transport: str
    max_answer_bytes: int


@pytest.fixture
def given() -> Given:
    return {
        "limits": Limits(rpm=10),
        "on_usage": UsageMeter(),
        "async_transport": "httpx",
        "max_answer_bytes": 1000,
    }


def config_of(model: Any) -> ClientConfig:
    client = model._sync_client() if hasattr(model, "_sync_client") else model._client
    return client.config


@named
def test_an_option_reaches_the_client(cls: type[BaseModel], given: Given):
    extra: dict[str, Any] = {}
    if is_chat(cls):
        extra = {"mend_reasoning": False}
    config = config_of(cls(api_key=KEY, **given, **extra))
    for name, value in {**given, **extra}.items():
        assert getattr(config, name) is value or getattr(config, name) == value


@named
def test_copies_share_the_budget_and_the_meter(cls: type[BaseModel], given: Given):
    model = cls(api_key=KEY, **given)
    for twin in (copy.copy(model), copy.deepcopy(model), model.model_copy(deep=True)):
        assert config_of(twin).limits is given["limits"]
        assert config_of(twin).on_usage is given["on_usage"]


@named
def test_a_pickled_model_takes_a_budget_of_its_own_along(cls: type[BaseModel], given: Given):
    config = config_of(pickle.loads(pickle.dumps(cls(api_key=KEY, **given))))
    assert config.limits is not None
    assert (config.limits.rpm, config.max_answer_bytes) == (10, 1000)
    assert isinstance(config.on_usage, UsageMeter)


@named
def test_neither_is_written_down(cls: type[BaseModel], given: Given):
    model = cls(api_key=KEY, **given)
    written = [model.model_dump(), repr(model)]
    if not issubclass(cls, BaseLanguageModel):  # LangChain's own fields have no schema
        written.append(model.model_json_schema())
    if cls.__module__.startswith("langchain"):
        written.append(dumpd(model))
    else:
        written += [model.to_dict(), model.to_json()]  # type: ignore[attr-defined]  # LlamaIndex's
    for form in written:
        told = form if isinstance(form, str) else json.dumps(form, default=str)
        assert "Limits(" not in told
        assert "UsageMeter(" not in told
        assert KEY not in told


@named
@pytest.mark.parametrize(
    ("name", "value"), [("limits", 60), ("on_usage", 1), ("max_answer_bytes", -1)]
)
def test_a_wrong_value_is_named(cls: type[BaseModel], name: str, value: object):
    with pytest.raises(ConfigurationError) as caught:
        cls(api_key=KEY, **{name: value})
    assert name in str(caught.value)
