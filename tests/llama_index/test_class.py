"""Classes: names, settings, metadata, and every way to store a component."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import httpx
import pytest
from llama_index.core import Settings
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.base import BaseLLM
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import LLM
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from pydantic import SecretStr

import llama_index_siliconflow
from llama_index_siliconflow import (
    SiliconFlow,
    SiliconFlowCompletion,
    SiliconFlowEmbedding,
    SiliconFlowRerank,
)
from siliconflow_client import ConfigurationError, __version__
from tests.interpreters import LLAMA_INDEX, loaded_after, run
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import CLASSES, Make, Way, use
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]
KEY = "sk-secret"


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (SiliconFlow, BaseLLM),
        (SiliconFlow, FunctionCallingLLM),
        (SiliconFlowCompletion, LLM),
        (SiliconFlowEmbedding, BaseEmbedding),
        (SiliconFlowRerank, BaseNodePostprocessor),
    ],
)
def test_classes_are_of_their_tree(cls: type, base: type) -> None:
    assert issubclass(cls, base)
    assert cls.class_name() == cls.__name__


def test_the_package_names_what_it_has() -> None:
    assert dir(llama_index_siliconflow) == sorted(llama_index_siliconflow.__all__)
    assert llama_index_siliconflow.__version__ == __version__
    with pytest.raises(AttributeError, match="Nothing"):
        _ = llama_index_siliconflow.Nothing


# --- settings -------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", CLASSES)
async def test_the_key_may_come_from_the_environment(
    cls: type, stub: Stub, way: Way, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older packages read no variable, and sent `Bearer None`."""
    monkeypatch.setenv("SILICONFLOW_API_KEY", " sk-env\n")
    monkeypatch.setenv("SILICONFLOW_BASE_URL", stub.url)
    await use(make(cls, api_key=None, base_url=None), way)
    assert stub.last.headers["authorization"] == "Bearer sk-env"


@pytest.mark.parametrize("key", [None, ""])
@pytest.mark.parametrize("cls", CLASSES)
async def test_a_missing_key_is_an_error_before_any_request(
    cls: type, stub: Stub, way: Way, make: Make, key: str | None
) -> None:
    """A missing key was sent as `Bearer None`, or refused by pydantic without a word."""
    component = make(cls, api_key=key)
    with pytest.raises(ConfigurationError, match="SILICONFLOW_API_KEY") as caught:
        await use(component, way)
    assert caught.value.argument == "api_key"
    assert stub.requests == []


@pytest.mark.parametrize("cls", CLASSES)
def test_a_wrong_url_is_an_error_at_once(cls: type) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cls(api_key=KEY, base_url="ftp://x")
    assert caught.value.argument == "base_url"


@pytest.mark.parametrize("cls", CLASSES)
def test_a_misspelt_setting_is_an_error(cls: type) -> None:
    with pytest.raises(ConfigurationError, match=r"max_retreis.*did you mean 'max_retries'"):
        cls(api_key=KEY, max_retreis=1)


@pytest.mark.parametrize(
    "settings",
    [{"temperature": "hot"}, {"max_tokens": 0}, {"n": 0}, {"thinking_budget": -1}, {"top_p": []}],
)
def test_a_wrong_number_is_an_error_that_names_it(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        SiliconFlow(api_key=KEY, **settings)


@pytest.mark.parametrize("settings", [{"temperature": 2.5}, {"top_p": -1}, {"min_p": 2}])
async def test_documented_ranges_are_the_server_s_to_enforce(
    stub: Stub, way: Way, make: Make, settings: dict[str, Any]
) -> None:
    await way(make(SiliconFlow, **settings), "chat", U)
    assert settings.items() <= stub.last.body.items()


def test_the_api_s_ranges_are_ours() -> None:
    """Lists of stop words, and temperatures from 1 to 2, were refused."""
    llm = SiliconFlow(api_key=KEY, temperature=2, stop=["a", "b", "c", "d"])
    assert llm.model_kwargs == {"temperature": 2, "stop": ["a", "b", "c", "d"]}


@pytest.mark.parametrize(
    ("cls", "endpoint"),
    list(
        zip(
            CLASSES,
            ["/chat/completions", "/chat/completions", "/embeddings", "/rerank"],
            strict=True,
        )
    ),
)
async def test_old_forms_of_the_base_url(
    cls: type, endpoint: str, stub: Stub, way: Way, make: Make
) -> None:
    for form in ({"base_url": stub.url + endpoint}, {"api_base": stub.url, "base_url": None}):
        await use(make(cls, **form), way)
        assert stub.last.path == f"/v1{endpoint}"


async def test_positional_orders_with_full_endpoints(stub: Stub, way: Way) -> None:
    url = stub.url
    components: list[Any] = [
        SiliconFlow(KEY, "m", f"{url}/chat/completions", 0.7, 512, 0.5, 60.0, None, 3),
        SiliconFlowEmbedding("m", KEY, f"{url}/embeddings", "float", 3, None),
        SiliconFlowRerank("m", f"{url}/rerank", KEY, 4, True, 1024, 80),
    ]
    for component in components:
        await use(component, way)
        component.close()
        await component.aclose()
    assert [request.path.removeprefix("/v1/") for request in stub.requests] == [
        "chat/completions",
        "embeddings",
        "rerank",
    ]
    assert {request.headers["authorization"] for request in stub.requests} == {f"Bearer {KEY}"}
    assert {body["model"] for body in stub.bodies} == {"m"}
    assert (stub.bodies[0]["temperature"], stub.bodies[0]["max_tokens"]) == (0.7, 512)
    assert "stop" not in stub.bodies[0]
    assert (stub.bodies[2]["max_chunks_per_doc"], stub.bodies[2]["overlap_tokens"]) == (1024, 80)


def test_two_different_base_urls_are_an_error() -> None:
    with pytest.raises(ConfigurationError, match="api_base"):
        SiliconFlow(api_key=KEY, api_base="https://a.example", base_url="https://b.example")


def test_positional_orders_of_the_older_classes() -> None:
    url = "https://api.siliconflow.com/v1"
    llm = SiliconFlow(KEY, "m", url, 0.1, 100, 0.2, 5.0, "stop", 1)
    assert (llm.model, llm.base_url, llm.temperature, llm.max_tokens) == ("m", url, 0.1, 100)
    assert (llm.frequency_penalty, llm.timeout, llm.stop, llm.max_retries) == (0.2, 5.0, "stop", 1)
    embedding = SiliconFlowEmbedding("m", KEY, url, "base64", 1)
    assert (embedding.model, embedding.base_url) == ("m", url)
    assert (embedding.encoding_format, embedding.max_retries) == ("base64", 1)
    rerank = SiliconFlowRerank("m", url, KEY, 2, True, 10, 8)
    assert (rerank.model, rerank.base_url, rerank.top_n) == ("m", url, 2)
    assert (rerank.return_documents, rerank.max_chunks_per_doc, rerank.overlap_tokens) == (
        True,
        10,
        8,
    )
    for component in (llm, embedding, rerank):
        assert isinstance(component.api_key, SecretStr)
        assert component.api_key.get_secret_value() == KEY


def test_settings_of_openai_like_are_accepted() -> None:
    llm = SiliconFlow(
        model="m",
        api_key=KEY,
        api_base="https://api.siliconflow.com/v1",
        is_chat_model=True,
        is_function_calling_model=True,
        context_window=1000,
        default_headers={"x-team": "a"},
        should_use_structured_outputs=True,
    )
    assert llm.metadata.context_window == 1000
    with pytest.raises(ValueError, match="is_chat_model"):
        SiliconFlow(api_key=KEY, is_chat_model=False)
    embedding = SiliconFlowEmbedding(
        model_name="m", api_key=KEY, api_base="https://api.siliconflow.com/v1", embed_batch_size=10
    )
    assert (embedding.model, embedding.base_url) == ("m", "https://api.siliconflow.com/v1")


OPENAI_LIKE_STORED: dict[str, Any] = {
    "model": "m",
    "api_base": "https://api.siliconflow.com/v1",
    "is_chat_model": True,
    "max_tokens": None,
    "additional_kwargs": {},
    "max_retries": 3,
    "timeout": 60.0,
    "default_headers": None,
    "reuse_client": True,
    "api_version": "",
    "strict": False,
    "reasoning_effort": None,
    "modalities": None,
    "audio_config": None,
    "tokenizer": None,
    "context_window": 32768,
    "is_function_calling_model": True,
    "should_use_structured_outputs": False,
}


def test_settings_that_openai_like_stored_load() -> None:
    llm = SiliconFlow.from_dict({**OPENAI_LIKE_STORED, "class_name": "OpenAILike"}, api_key=KEY)
    assert (llm.model, llm.timeout) == ("m", 60.0)
    assert llm.to_dict().keys() & {"reuse_client", "api_version", "tokenizer"} == set()


@pytest.mark.parametrize(
    "setting",
    [
        {"reuse_client": True},
        {"reuse_client": False},
        {"api_version": ""},
        {"api_version": None},
        {"tokenizer": None},
        {"modalities": None},
        {"modalities": ["text"]},
        {"audio_config": None},
    ],
    ids=repr,
)
@pytest.mark.parametrize("cls", CLASSES)
def test_settings_of_openai_like_that_ask_for_nothing_load(
    cls: type, setting: dict[str, Any]
) -> None:
    assert cls(api_key=KEY, **setting).to_dict() == cls(api_key=KEY).to_dict()


@pytest.mark.parametrize(
    "setting",
    [
        {"reuse_client": "sometimes"},
        {"api_version": "2024-02-01"},
        {"tokenizer": len},
        {"audio_config": {"voice": "alloy"}},
        {"modalities": ["audio"]},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_settings_of_openai_like_that_mean_nothing_here_say_so(setting: dict[str, Any]) -> None:
    name = next(iter(setting))
    with pytest.raises(ConfigurationError, match=rf"{name}.*leave it out"):
        SiliconFlow(api_key=KEY, **setting)


@pytest.mark.parametrize("cls", CLASSES)
async def test_extras_of_every_call_are_settings_too(
    cls: type, stub: Stub, way: Way, make: Make
) -> None:
    extras = {"extra_body": {"brand_new": 1}, "extra_headers": {"x-one": "1"}}
    component = make(cls, **extras, additional_kwargs={"other": 2}, default_headers={"x-two": "2"})
    await use(component, way)
    assert (stub.last.body["brand_new"], stub.last.body["other"]) == (1, 2)
    assert (stub.last.headers["x-one"], stub.last.headers["x-two"]) == ("1", "2")
    assert component.additional_kwargs == {"brand_new": 1, "other": 2}


@pytest.mark.parametrize("cls", CLASSES)
def test_extras_of_nothing_load(cls: type) -> None:
    component = cls(api_key=KEY, extra_body=None, extra_headers=None)
    assert component.to_dict() == cls(api_key=KEY).to_dict()
    for name in ("extra_body", "extra_headers"):
        with pytest.raises(ConfigurationError, match=rf"{name} must be a mapping"):
            cls(api_key=KEY, **{name: "x"})


async def test_subclasses_may_add_fields(stub: Stub, way: Way, make: Make) -> None:
    class Mine(SiliconFlow):
        team: str = "a"

    llm = make(Mine, model="m", team="b")
    assert (await way(llm, "chat", U)).message.content == "你好，世界"
    assert pickle.loads(pickle.dumps(make(SiliconFlow))).model == "m"
    assert copy.deepcopy(llm).team == "b"


async def test_settings_may_change_after_the_first_call(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    await way(llm, "chat", U)
    llm.api_key = "sk-other"
    llm.temperature = 0.3
    await way(llm, "chat", U)
    assert stub.last.headers["authorization"] == "Bearer sk-other"
    assert stub.last.body["temperature"] == 0.3


async def test_default_headers_are_sent(stub: Stub, way: Way, make: Make) -> None:
    await way(make(SiliconFlow, default_headers={"X-Team": "a"}), "chat", U)
    assert stub.last.headers["x-team"] == "a"
    assert "llama-index-core/" in stub.last.headers["user-agent"]


async def test_injected_clients_are_used(way: Way) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=s.completion({"content": "injected"}))

    transport = httpx.MockTransport(answer)
    with httpx.Client(transport=transport) as client:
        async with httpx.AsyncClient(transport=transport) as async_client:
            llm = SiliconFlow(api_key=KEY, http_client=client, async_http_client=async_client)
            assert (await way(llm, "chat", U)).message.content == "injected"
            twin = copy.deepcopy(llm)
            assert (await way(twin, "chat", U)).message.content == "injected"
            with pytest.raises(TypeError, match="http_client"):
                pickle.dumps(llm)


# --- metadata -------------------------------------------------------------------------------


def test_metadata_come_from_the_catalogue() -> None:
    """Every model was said to have a window of 3900 tokens and 256 for the answer."""
    metadata = SiliconFlow(api_key=KEY, model="deepseek-ai/DeepSeek-V3.2").metadata
    assert metadata.context_window > 100_000
    assert metadata.is_function_calling_model
    assert metadata.is_chat_model
    assert metadata.model_name == "deepseek-ai/DeepSeek-V3.2"
    assert 0 < metadata.num_output <= metadata.context_window // 4


def test_an_unknown_model_gets_safe_metadata() -> None:
    """A model that no table knew was taken for one that cannot call tools."""
    metadata = SiliconFlow(api_key=KEY, model="acme/brand-new").metadata
    assert metadata.context_window == 32768
    assert metadata.is_function_calling_model
    assert metadata.num_output == 4096


def test_metadata_can_be_overridden() -> None:
    llm = SiliconFlow(
        api_key=KEY, context_window=5000, max_tokens=700, is_function_calling_model=False
    )
    assert llm.metadata.context_window == 5000
    assert llm.metadata.num_output == 700
    assert not llm.metadata.is_function_calling_model
    llm.num_output = 300
    assert llm.metadata.num_output == 300


def test_a_model_without_tools_says_so() -> None:
    llm = SiliconFlow(api_key=KEY, model="LoRA/Qwen/Qwen2.5-7B-Instruct")
    assert not llm.metadata.is_function_calling_model


async def test_a_long_context_is_one_call(llm: SiliconFlow, stub: Stub) -> None:
    """A window taken for 3900 tokens cost seven calls where one will do."""
    from llama_index.core import PromptHelper, get_response_synthesizer
    from llama_index.core.schema import NodeWithScore, TextNode

    # Six passages of about 3000 tokens: seven calls where the window is taken for 3900 tokens.
    nodes = [NodeWithScore(node=TextNode(text="apple pie and tea " * 750)) for _ in range(6)]
    # Said, since older LlamaIndex measures by the model in its settings.
    window = PromptHelper.from_llm_metadata(llm.metadata)
    get_response_synthesizer(llm=llm, prompt_helper=window).synthesize("?", nodes)
    assert len(stub.requests) == 1


def test_settings_llm() -> None:
    llm = SiliconFlow(api_key=KEY)
    Settings.llm = llm
    try:
        assert Settings.llm is llm
    finally:
        Settings._llm = None


# --- imports --------------------------------------------------------------------------------


def test_importing_loads_little_on_top_of_llama_index_core() -> None:
    """Packages loaded libraries that they did not declare, or hundreds of modules."""
    core = loaded_after(
        "import llama_index.core, llama_index.core.program.function_program", LLAMA_INDEX
    )
    ours = loaded_after(
        "from llama_index_siliconflow import SiliconFlow, SiliconFlowRerank", LLAMA_INDEX
    )
    added = ours - core
    assert (
        not {name.partition(".")[0] for name in added}
        - {
            "llama_index_siliconflow",
            "siliconflow_client",
        }
        - {name for name in added if name.startswith("llama_index.core")}
    )
    assert len(added) < 100  # our own small modules; those of groups that nobody asked for are none


def test_the_embedding_class_does_not_load_the_chat_stack() -> None:
    loaded = loaded_after("from llama_index_siliconflow import SiliconFlowEmbedding", LLAMA_INDEX)
    assert "llama_index_siliconflow.embedding" in loaded
    assert "llama_index_siliconflow.llm" not in loaded


def test_without_llama_index_core_the_import_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['llama_index'] = None\n"
        "try: import llama_index_siliconflow\n"
        "except ImportError as error: print(error)"
    )
    done = run(code)
    assert done.stdout.strip() == (
        "llama_index_siliconflow needs llama-index-core: "
        'pip install "siliconflow-integrations[llama-index]"'
    )
