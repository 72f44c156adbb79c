"""Settings: where they come from, what is refused, and that the key stays hidden."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from siliconflow_client import (
    AsyncSiliconFlowClient,
    ClientConfig,
    ConfigurationError,
    SiliconFlowClient,
)
from siliconflow_client.errors.response import Head
from tests.client.callers import KEY


def config(**settings: Any) -> ClientConfig:
    return ClientConfig(**{"api_key": KEY, **settings})


def key_of(settings: ClientConfig) -> str:
    return settings.headers()["authorization"]


# --- the key --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", [KEY, f"  {KEY}\n", f"\t{KEY}\r\n", SecretStr(KEY), SecretStr(f"{KEY}\n")]
)
def test_a_key_is_taken_and_stripped(key: Any):
    assert key_of(ClientConfig(api_key=key)) == f"Bearer {KEY}"


def test_the_environment_gives_the_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-env\n")
    assert key_of(ClientConfig()) == "Bearer sk-env"
    assert key_of(ClientConfig(api_key=KEY)) == f"Bearer {KEY}"


@pytest.mark.parametrize("told", ["", "  ", " auto\n"])
def test_an_environment_s_white_space_says_nothing(told: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SILICONFLOW_ASYNC_TRANSPORT", told)
    monkeypatch.setenv(
        "SILICONFLOW_BASE_URL", told.replace("auto", "https://api.siliconflow.com/v1")
    )
    made = ClientConfig(api_key=KEY)
    host = "api.siliconflow.com" if "auto" in told else "api.siliconflow.cn"
    assert (made.async_transport, made.host) == ("auto", host)


@pytest.mark.parametrize(
    "other",
    [
        "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_API_KEY",
        "DEEPSEEK_API_KEY", "SILICONFLOW_CN_API_KEY", "SILICONFLOW_TOKEN", "API_KEY",
    ],
)  # fmt: skip
def test_no_other_variable_is_read(other: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(other, "https://example.com")
    with pytest.raises(ConfigurationError, match="SILICONFLOW_API_KEY") as caught:
        ClientConfig()
    assert caught.value.argument == "api_key"
    assert config().base_url == "https://api.siliconflow.cn/v1"


@pytest.mark.parametrize("client", [ClientConfig, SiliconFlowClient, AsyncSiliconFlowClient])
@pytest.mark.parametrize("key", [None, "", "  \n", "sk-a b", "sk-ä", "sk-a\nb", "'sk-a'", '"sk-a"', "sk-a\x00",
                                 SecretStr("")])  # fmt: skip
def test_a_key_that_is_none_is_refused(client: Any, key: Any):
    with pytest.raises(ConfigurationError) as caught:
        client(api_key=key)
    assert caught.value.argument == "api_key"
    assert "sk-a" not in str(caught.value)


@pytest.mark.parametrize("client", [SiliconFlowClient, AsyncSiliconFlowClient])
def test_the_key_is_masked(client: Any):
    settings = config(default_headers={"x-a": "b"})
    for shown in (settings, client(settings), client(api_key=KEY)):
        for text in (repr(shown), str(shown), f"{shown}", f"{shown!r:>10}"):
            assert KEY not in text
            assert "api.siliconflow.cn" in text


def test_the_key_is_masked_in_what_a_traceback_with_locals_shows():
    client = SiliconFlowClient(api_key=KEY)
    assert KEY not in repr(client._layout(None))
    assert KEY not in repr(Head(200, {}, 0.0, (KEY,)))


# --- the base URL ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://api.siliconflow.cn", "https://api.siliconflow.cn/v1"),
        ("https://api.siliconflow.cn/", "https://api.siliconflow.cn/v1"),
        ("https://api.siliconflow.cn/v1", "https://api.siliconflow.cn/v1"),
        ("https://api.siliconflow.cn/v1/", "https://api.siliconflow.cn/v1"),
        ("https://api.siliconflow.cn/v1//", "https://api.siliconflow.cn/v1"),
        (" https://api.siliconflow.com/v1\n", "https://api.siliconflow.com/v1"),
        ("https://api.siliconflow.com/v1/chat/completions", "https://api.siliconflow.com/v1"),
        ("https://api.siliconflow.com/v1/chat/completions/", "https://api.siliconflow.com/v1"),
        ("https://api.siliconflow.com/v1/completions", "https://api.siliconflow.com/v1"),
        ("https://api.siliconflow.com/v1/embeddings", "https://api.siliconflow.com/v1"),
        ("https://api.siliconflow.com/v1/rerank", "https://api.siliconflow.com/v1"),
        ("https://api.siliconflow.com/v1/models", "https://api.siliconflow.com/v1"),
        ("https://gateway.example.com/silicon", "https://gateway.example.com/silicon/v1"),
        ("https://gateway.example.com:8443/silicon/v1", "https://gateway.example.com:8443/silicon/v1"),
        ("HTTPS://API.SiliconFlow.CN/v1", "https://api.siliconflow.cn/v1"),
        ("http://localhost:8080", "http://localhost:8080/v1"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
    ],
)  # fmt: skip
def test_every_accepted_form_of_a_base_url(given: str, normal: str):
    assert config(base_url=given).base_url == normal
    assert config(base_url=normal).base_url == normal


def test_the_environment_gives_the_base_url(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SILICONFLOW_BASE_URL", "https://api.siliconflow.com/")
    assert config().base_url == "https://api.siliconflow.com/v1"
    assert config().host == "api.siliconflow.com"
    assert config(base_url="https://x.example").base_url == "https://x.example/v1"


@pytest.mark.parametrize(
    "url",
    [
        "api.siliconflow.cn", "ftp://api.siliconflow.cn", "https://", "https:///v1", "//host/v1",
        "https://host:port/v1", "https://host:99999/v1", "https://[::1/v1", "nonsense",
        "https://user:hunter2@host/v1", "https://host/v1?key=x", "https://host/v1#x",
        "http://api.siliconflow.cn/v1", "http://localhost.example.com", "http://10.0.0.1",
        "http://0.0.0.0:8080", "https://https://host/v1", "http://127.0.0.1.example.com",
    ],
)  # fmt: skip
def test_a_base_url_that_cannot_be_right(url: str):
    with pytest.raises(ConfigurationError) as caught:
        config(base_url=url)
    assert caught.value.argument == "base_url"
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["api.siliconflow.cn", "https://host:port/v1"])
def test_a_base_url_that_is_none_brings_up_one_that_is(url: str):
    with pytest.raises(ConfigurationError) as caught:
        config(base_url=url)
    assert "SILICONFLOW_BASE_URL" in str(caught.value)
    assert "https://api.siliconflow.cn/v1" in str(caught.value)


def test_plain_http_must_be_allowed():
    assert config(base_url="http://10.0.0.1", allow_http=True).base_url == "http://10.0.0.1/v1"
    with pytest.raises(ConfigurationError, match="allow_http=True"):
        config(base_url="http://10.0.0.1")


def test_every_loopback_address_is_loopback():
    assert config(base_url="http://127.0.0.2:8080").base_url == "http://127.0.0.2:8080/v1"


# --- numbers, headers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("timeout", 0), ("timeout", -1), ("timeout", True), ("timeout", float("nan")),
        ("timeout", "5"),
        ("deadline", 0), ("deadline", -1.0), ("deadline", "5"), ("deadline", float("nan")), ("deadline", True),
        ("max_retries", -1), ("max_retries", 1.5), ("max_retries", "3"), ("max_retries", True),
        ("default_headers", {"x": "ä"}), ("default_headers", {"x": "a\nb"}), ("default_headers", {"x\r": "a"}),
        ("default_headers", {"x": None}),
        ("default_headers", {"a b": "c"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("client", [ClientConfig, SiliconFlowClient, AsyncSiliconFlowClient])
def test_settings_of_the_wrong_kind(client: Any, argument: str, value: Any):
    with pytest.raises(ConfigurationError) as caught:
        client(api_key=KEY, **{argument: value})
    assert caught.value.argument == argument
    assert argument in str(caught.value)


@pytest.mark.parametrize(("argument", "value"), [("api_key", 5), ("base_url", 5)])
def test_settings_that_are_no_text(argument: str, value: Any):
    with pytest.raises(ConfigurationError) as caught:
        ClientConfig(**{"api_key": KEY, argument: value})
    assert caught.value.argument == argument


def test_defaults():
    settings = config()
    assert (settings.timeout, settings.deadline, settings.max_retries) == (300.0, None, 3)
    assert config(timeout=5, max_retries=0).max_retries == 0
    limits = httpx.Timeout(5.0, connect=1.0)
    assert config(timeout=limits).timeout is limits


def test_headers_name_us_and_who_calls():
    from siliconflow_client import __version__

    agent = f"siliconflow-integrations/{__version__}"
    assert config().headers()["user-agent"] == agent
    named = config(framework="langchain-core/1.7.2", default_headers={"X-Team": "a"})
    assert named.headers()["user-agent"] == f"{agent} langchain-core/1.7.2"
    assert named.headers()["x-team"] == "a"
    assert config(default_headers={"User-Agent": "me"}).headers()["user-agent"] == "me"


# --- copies ---------------------------------------------------------------------------------

SETTINGS: dict[str, Any] = {
    "base_url": "https://api.siliconflow.com/v1",
    "timeout": 7.0,
    "deadline": 9.0,
    "max_retries": 1,
    "default_headers": {"x-a": "b"},
    "framework": "f/1",
}


def same(one: ClientConfig, other: ClientConfig) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ClientConfig.__slots__)


@pytest.mark.parametrize(
    "twin_of", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_settings_and_clients_copy_and_pickle(twin_of: Any):
    settings = config(**SETTINGS)
    assert same(twin_of(settings), settings)
    for client in (SiliconFlowClient(settings), AsyncSiliconFlowClient(settings)):
        twin = twin_of(client)
        assert type(twin) is type(client)
        assert same(twin.config, settings)


def test_deep_copies_share_injected_clients_and_nothing_else():
    with httpx.Client() as http:
        settings = config(http_client=http, default_headers={"x-a": "b"})
        twin = copy.deepcopy(settings)
        assert twin.http_client is http
        assert twin.default_headers == settings.default_headers
        assert twin.default_headers is not settings.default_headers


@pytest.mark.parametrize("name", ["http_client", "async_http_client"])
@pytest.mark.parametrize("client", [ClientConfig, SiliconFlowClient, AsyncSiliconFlowClient])
def test_injected_clients_do_not_pickle(client: Any, name: str):
    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500)

    transport = httpx.MockTransport(refuse)
    http = (httpx.Client if name == "http_client" else httpx.AsyncClient)(transport=transport)
    with pytest.raises(TypeError, match=name):
        pickle.dumps(client(api_key=KEY, **{name: http}))


@pytest.mark.parametrize("client", [SiliconFlowClient, AsyncSiliconFlowClient])
def test_a_config_and_settings_are_not_mixed(client: Any):
    with pytest.raises(ConfigurationError, match="timeout") as caught:
        client(config(), timeout=5)
    assert caught.value.argument == "config"


@pytest.mark.parametrize("client", [ClientConfig, SiliconFlowClient, AsyncSiliconFlowClient])
@pytest.mark.parametrize(
    ("name", "other"), [("http_client", httpx.AsyncClient), ("async_http_client", httpx.Client)]
)
def test_an_injected_client_of_the_other_kind_is_named(client: Any, name: str, other: Any):
    with pytest.raises(ConfigurationError, match=other.__name__) as caught:
        client(api_key=KEY, **{name: other()})
    assert caught.value.argument == name
