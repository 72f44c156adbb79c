"""Base URLs, whatever is written: the same host and one form, or an error that hides the password."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_client import ClientConfig, ConfigurationError
from siliconflow_client._config import normalise_base_url
from siliconflow_client.transport.proxies import proxy_for

HOSTS = st.lists(st.text("abz09", min_size=1, max_size=8), min_size=2, max_size=4).map(".".join)
PREFIXES = st.sampled_from(["", "/gateway", "/a/b", "/v1/proxy"])
ENDPOINTS = st.sampled_from(
    ["", "/", "/v1", "/v1/", "/v1/chat/completions", "/v1/embeddings", "/v1/rerank", "/v1/models"]
)


@given(
    HOSTS, st.none() | st.integers(1, 65_535), PREFIXES, ENDPOINTS, st.sampled_from(["", " ", "\n"])
)
def test_every_way_to_write_a_site_is_one_url(
    host: str, port: int | None, prefix: str, endpoint: str, around: str
):  # fmt: skip
    place = host if port is None else f"{host}:{port}"
    written = f"{around}https://{place}{prefix}{endpoint}{around}"
    normal = normalise_base_url(written)
    assert normal == f"https://{place}{prefix}/v1"
    assert normalise_base_url(normal) == normal
    assert ClientConfig(api_key="sk-any", base_url=written).host == place


def told(url: str) -> str | ConfigurationError:
    """What is made of a URL."""
    try:
        return normalise_base_url(url)
    except ConfigurationError as error:
        return error


PARTS = st.sampled_from(
    ["https://", "http://", "ftp://", "//", "user:geheim@", "geheim@", "[::1]", "[", "]", "localhost",
     "api.siliconflow.cn", ":", ":8080", ":99999", ":port", "/", "/v1", "?x=geheim", "#geheim", " ", "\x00", "%2f", "@", "é"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=7).map("".join) | st.text(max_size=40))
def test_any_text_is_a_site_or_an_error_that_can_be_shown(text: str):
    normal = told(text)
    if isinstance(normal, ConfigurationError):
        assert normal.argument == "base_url"
        assert str(normal).isprintable()
        return
    parts = urlsplit(normal)
    assert parts.hostname
    assert parts.scheme == "https" or parts.hostname in ("localhost", "::1", "127.0.0.1")
    assert normal.endswith("/v1")
    assert "geheim" not in parts.netloc
    assert normalise_base_url(normal) == normal


@given(HOSTS)
def test_plain_http_goes_to_no_other_machine(host: str):
    with pytest.raises(ConfigurationError):
        normalise_base_url(f"http://{host}/v1")
    assert normalise_base_url(f"http://{host}", allow_http=True) == f"http://{host}/v1"


def test_a_proxy_s_password_is_left_out(monkeypatch: pytest.MonkeyPatch):
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://user:geheim@proxy.example:3128")
    assert proxy_for("https://api.siliconflow.cn/v1") == "proxy.example:3128"
