"""docs/errors.md names the client's errors, all of them, in the order of their tree."""

from __future__ import annotations

import re

import httpx
import pytest

import siliconflow_client
from siliconflow_client import APIStatusError, SiliconFlowClient, SiliconFlowError
from tests.conftest import ROOT
from tests.packaging.repository import content, table

PAGE = ROOT / "docs" / "errors.md"
CHAT = {"model": "Qwen/Qwen3-8B", "messages": [{"role": "user", "content": "Hi"}]}


def exported() -> dict[str, type[SiliconFlowError]]:
    """The error classes among the client's public names."""
    values = ((name, getattr(siliconflow_client, name)) for name in siliconflow_client.__all__)
    return {
        name: value
        for name, value in values
        if isinstance(value, type) and issubclass(value, SiliconFlowError)
    }


def listed() -> list[tuple[int, str, str]]:
    """Depth, name and the column "Retried" of each row."""
    found: list[tuple[int, str, str]] = []
    for first, _, _, retried in table(PAGE, "by-class"):
        name = re.search(r"`(\w+)`", first)
        assert name, first
        found.append((first.count("–"), name[1], retried))
    return found


def test_the_page_lists_every_exported_error_and_no_other():
    assert sorted(name for _, name, _ in listed()) == sorted(exported())


def test_a_class_stands_below_the_one_that_it_belongs_to():
    above: list[str] = []
    for depth, name, _ in listed():
        del above[depth:]
        if above:
            assert exported()[name].__bases__[0].__name__ == above[-1], name
        above.append(name)


def test_every_error_of_the_code_that_the_page_shows_is_exported():
    names = set(re.findall(r"\b[A-Z]\w+Error\b", content(PAGE)))
    frameworks = {"ModelError", "ValueError"}
    assert names - frameworks <= set(exported())


@pytest.mark.parametrize(
    ("codes", "statuses"),
    [(row[0], row[1]) for row in table(PAGE, "by-code")],
    ids=[row[0] for row in table(PAGE, "by-code")],
)
def test_a_code_comes_with_a_hint(codes: str, statuses: str):
    for status in map(int, re.findall(r"\d+", statuses)):
        code = int(re.findall(r"\d+", codes)[0])
        body = {"code": code, "message": "Refused.", "data": None}
        transport = httpx.MockTransport(lambda _, s=status, b=body: httpx.Response(s, json=b))
        with (
            httpx.Client(transport=transport) as http,
            SiliconFlowClient(api_key="sk-any", http_client=http, max_retries=0) as client,
            pytest.raises(APIStatusError) as caught,
        ):
            client.chat(**CHAT)
        assert (caught.value.status_code, caught.value.code) == (status, code)
        # 20015 covers anything, so the words decide about its hint.
        assert caught.value.hint or code == 20015
