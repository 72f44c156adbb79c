"""SECURITY.md says where the plain key lives; here each object is asked."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest

import langchain_siliconflow
import llama_index_siliconflow
import siliconflow_client
from siliconflow_client import BadRequestError
from tests.conftest import ROOT
from tests.packaging.repository import table

KEY = "sk-plain-0123456789"
PAGE = ROOT / "SECURITY.md"
HOMES = (siliconflow_client, langchain_siliconflow, llama_index_siliconflow)


def listed() -> list[tuple[str, list[str]]]:
    """Each name that the table holds, with its three answers."""
    return [
        (name, answers)
        for first, *answers in table(PAGE, "what-is-not")
        for name in re.findall(r"`(\w+)`", first) or [first]
    ]


def made(name: str) -> Any:
    """One of these, with the key."""
    if name == "an error":
        return BadRequestError("no", status_code=400)
    home = next(home for home in HOMES if name in home.__all__)
    cls = getattr(home, name)
    needs_model = name in ("ChatSiliconFlow", "SiliconFlowLLM", "SiliconFlow")
    return cls(api_key=KEY, **({"model": "m"} if needs_model else {}))


def as_json(subject: Any) -> str:
    if hasattr(subject, "to_json") and hasattr(subject, "class_name"):
        return subject.to_json()
    from langchain_core.load import dumps

    return dumps(subject) + subject.model_dump_json()


PLACES: list[Callable[[Any], str]] = [
    lambda subject: pickle.dumps(subject).decode("latin-1"),
    lambda subject: f"{subject!r} {subject}",
    as_json,
]


@pytest.mark.parametrize(("name", "answers"), listed(), ids=[name for name, _ in listed()])
def test_the_plain_key_is_where_the_page_says(name: str, answers: list[str]):
    subject = made(name)
    assert len(answers) == len(PLACES)
    for place, answer in zip(PLACES, answers, strict=True):
        if answer != "–":
            assert (KEY in place(subject)) is (answer == "yes")


def test_a_function_keeps_the_key_out_of_pickles():
    config = siliconflow_client.ClientConfig(api_key=tell_key)
    assert KEY.encode() not in pickle.dumps(config)


def tell_key() -> str:
    return KEY
