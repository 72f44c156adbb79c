"""`python -m tests.live.shapes`: what a new recording says of the shapes of answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CASSETTES
from tests.live.shapes import main, shapes

URL = "https://api.siliconflow.cn/v1/chat/completions"
PLAIN = {"id": "x", "choices": [{"index": 0, "message": {"content": "a"}}], "usage": None}


def recorded(folder: Path, body: dict[str, Any], url: str = URL, status: int = 200) -> Path:
    exchange = {
        "request": {"method": "POST", "url": url, "headers": {}, "body": None},
        "response": {"status": status, "reason": "", "headers": {}, "body": body},
    }
    folder.mkdir()
    text = json.dumps({"provenance": "live 2026-11-21", "interactions": [exchange]})
    (folder / "a.json").write_text(text, encoding="utf-8")
    return folder


def compared(before: Path, after: Path) -> tuple[int, list[str]]:
    said: list[str] = []
    return main([str(before), str(after)], said.append), said


def test_other_words_in_the_same_fields_are_no_difference(tmp_path: Path) -> None:
    other = json.loads(json.dumps(PLAIN).replace('"a"', '"b"'))
    old, new = (recorded(tmp_path / name, {"json": body}) for name, body in (("old", PLAIN), ("new", other)))  # fmt: skip
    assert compared(old, new) == (0, ["The answers are made of the same fields."])


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (PLAIN | {"system_fingerprint": ""}, ".system_fingerprint was absent, is string"),
        ({"id": "x", "choices": PLAIN["choices"]}, ".usage was null, is absent"),
        (PLAIN | {"id": 5}, ".id was string, is number"),
        (
            PLAIN | {"choices": [{"index": 0, "message": {"content": None}}]},
            ".choices[].message.content was string, is null",
        ),
    ],
    ids=["came", "went", "another kind", "deep"],
)
def test_a_field_that_came_went_or_is_of_another_kind_is_named(
    after: dict[str, Any], said: str, tmp_path: Path
) -> None:
    old, new = recorded(tmp_path / "old", {"json": PLAIN}), recorded(tmp_path / "new", {"json": after})  # fmt: skip
    assert compared(old, new) == (1, [f"POST /v1/chat/completions 200: {said}"])


def test_events_of_streams_are_looked_at_one_by_one(tmp_path: Path) -> None:
    old = recorded(tmp_path / "old", {"lines": ['data: {"a": 1}', "", "data: [DONE]"]})
    new = recorded(tmp_path / "new", {"lines": ['data: {"a": 1}', "", 'data: {"b": 1}']})
    assert compared(old, new) == (
        1,
        [
            "POST /v1/chat/completions 200: event was object or string, is object",
            "POST /v1/chat/completions 200: event.b was absent, is number",
        ],
    )


def test_another_status_is_told_and_no_words_of_an_answer(tmp_path: Path) -> None:
    old = recorded(tmp_path / "old", {"json": PLAIN})
    new = recorded(tmp_path / "new", {"json": {"code": 20015, "message": "secret"}}, status=400)
    assert compared(old, new) == (
        1,
        ["POST /v1/chat/completions 200: only before", "POST /v1/chat/completions 400: only after"],
    )


def test_the_committed_cassettes_have_shapes() -> None:
    found = shapes(CASSETTES)
    assert ".choices[].message.content" in found["POST /v1/chat/completions 200"]
    assert any(place.startswith("event.choices") for place in found["POST /v1/chat/completions 200"])  # fmt: skip
    assert compared(CASSETTES, CASSETTES)[0] == 0
