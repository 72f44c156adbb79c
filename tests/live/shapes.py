"""What answers are made of, before and after a recording.

`python -m tests.live.shapes BEFORE AFTER` compares two folders of cassettes, endpoint by endpoint,
and prints which fields came, went, or are of another kind. Exit codes: 0 the same, 1 they differ.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from siliconflow_simulator.api._routes import find_route

KINDS = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "string"}
Shapes = dict[str, dict[str, set[str]]]
"""For each endpoint and status the fields of its answers, each with the kinds of its values."""


def shapes(folder: Path) -> Shapes:
    """Look at all cassettes below a folder."""
    found: Shapes = defaultdict(lambda: defaultdict(set))
    for path in sorted(folder.rglob("*.json")):
        for exchange in json.loads(path.read_text(encoding="utf-8"))["interactions"]:
            fields = found[_endpoint(exchange)]
            for place, value in _answers(exchange["response"]["body"] or {}):
                _collect(value, place, fields)
    return found


def differences(before: Shapes, after: Shapes) -> list[str]:
    """Say what differs at the endpoints that both asked, and which of them one did not ask."""
    said: list[str] = []
    for endpoint in sorted(before.keys() | after.keys()):
        old, new = before.get(endpoint), after.get(endpoint)
        if old is None or new is None:
            said.append(f"{endpoint}: only {'after' if old is None else 'before'}")
            continue
        for place in sorted(old.keys() | new.keys()):
            was, now = _kinds(old.get(place)), _kinds(new.get(place))
            if was != now:
                said.append(f"{endpoint}: {place or 'the body'} was {was}, is {now}")
    return said


def _kinds(kinds: set[str] | None) -> str:
    return " or ".join(sorted(kinds)) if kinds else "absent"


def _endpoint(exchange: dict[str, Any]) -> str:
    request = exchange["request"]
    path = urlsplit(request["url"]).path
    route = find_route(request["method"], path)
    named = route[0].path if route else path
    return f"{request['method']} {named} {exchange['response']['status']}"


def _answers(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The JSON of an answer, or of each event of a stream; of other bodies only what they are."""
    if "json" in body:
        yield "", body["json"]
    events = [line[5:].strip() for line in body.get("lines", []) if line.startswith("data:")]
    for event in events:
        yield "event", _parsed(event)
    if "json" not in body and not events:
        yield next(iter(body), "nothing"), None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # `[DONE]`


def _collect(value: Any, place: str, found: dict[str, set[str]]) -> None:
    if isinstance(value, dict):
        found[place].add("object")
        for name, inner in value.items():
            _collect(inner, f"{place}.{name}", found)
    elif isinstance(value, list):
        found[place].add("list")
        for inner in value:
            _collect(inner, f"{place}[]", found)
    else:
        found[place].add(KINDS[type(value)])


def main(folders: list[str], say: Callable[[str], object] = print) -> int:
    """Compare, print, and return the exit code."""
    before, after = (shapes(Path(folder)) for folder in folders)
    said = differences(before, after)
    for line in said or ["The answers are made of the same fields."]:
        say(line)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
