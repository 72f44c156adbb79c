"""What of the API works where, with the test that shows it: `python -m tests.coverage_table` writes it.

The rows come from the client's methods, its table of parameters and its signatures, so that nothing
can be forgotten; `tests/packaging/test_coverage_table.py` compares the page with them, and looks for
the tests.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, get_args

from siliconflow_client import SiliconFlowClient, parameters_of
from siliconflow_client.catalogue.parameter import Endpoint
from tests.conftest import ROOT
from tests.coverage_parameters import (
    METHODS,
    OF_THE_CLIENT,
    SIMULATOR,
    of_frameworks,
    of_methods,
)
from tests.coverage_proofs import (
    ANSWERED,
    ARGUMENT,
    LACKING,
    REFUSED,
    ROUTES,
    SENT,
    UNDOCUMENTED,
    Cell,
    NoPlace,
)
from tests.coverage_proofs import METHODS as OWN_TESTS

PAGE: Final = ROOT / "docs" / "coverage.md"
FORMS: Final = ("transcriptions", "voices")
PATHS: Final[dict[str, str]] = {
    "chat": "POST /chat/completions",
    "completions": "POST /completions",
    "embeddings": "POST /embeddings",
    "messages": "POST /messages",
    "rerank": "POST /rerank",
    "images": "POST /images/generations",
    "video": "POST /video/submit",
    "speech": "POST /audio/speech",
    "transcriptions": "POST /audio/transcriptions",
    "voices": "POST /uploads/audio/voice",
}
NO_CALLS: Final = frozenset({"close", "aclose", "config", "media_tools"})
"""Members of a client that ask for nothing; the media tools ask at endpoints that have rows."""
HEAD: Final = "| client | client, async | simulator | LangChain | LlamaIndex |"
LINE: Final = "|---" * 6 + "|"
INTRODUCTION: Final = """\
# Coverage of the API

Each documented endpoint and each parameter, and the test that shows that it works: behind each mark, in its link. A dash has
its reason [at the end](#reasons).

This page is written by `python -m tests.coverage_table` from the client's methods, its table of parameters and its signatures;
`tests/packaging/test_coverage_table.py` fails when it is not up to date, or when a test that it names is not there.
"""


@dataclass(frozen=True)
class Row:
    """A line of a table: what it is about, and five cells of one proof or several, named."""

    name: str
    cells: tuple[list[tuple[str, Cell]], ...]

    def proofs(self) -> Iterator[str]:
        """The tests that it names."""
        for cell in self.cells:
            yield from (proof for _, proof in cell if isinstance(proof, str))


@dataclass
class Reasons:
    """The reasons that were given, numbered in the order in which they first stand in the page."""

    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, reason: str) -> int:
        return self.numbers.setdefault(reason, len(self.numbers) + 1)


def marked(proof: Cell) -> list[tuple[str, Cell]]:
    return [("✓", proof)]


# --- rows ---------------------------------------------------------------------------------------------


def endpoint_rows() -> list[Row]:
    """A row for each endpoint; the client's cells name its methods."""
    rows: list[Row] = []
    for path, route in ROUTES.items():
        ways: list[list[tuple[str, Cell]]] = [
            [
                (name, OWN_TESTS.get(name, ANSWERED).format(kind=kind, name=name))
                for name in route.methods
            ]
            for kind in ("sync", "async")
        ]
        others = [route.simulator, route.langchain, route.llama_index]
        rows.append(Row(f"`{path}`", (*ways, *(marked(cell) for cell in others))))
    return rows


def parameter_rows(endpoint: Endpoint) -> list[Row]:
    """A row for each parameter that the client's table has for an endpoint."""
    return [_parameter_row(endpoint, name) for name in parameters_of(endpoint)]


def _parameter_row(endpoint: Endpoint, name: str) -> Row:
    def filled(template: Cell, kind: str = "") -> Cell:
        if isinstance(template, NoPlace):
            return template
        return template.format(kind=kind, endpoint=endpoint, name=name)

    looked_at = LACKING if endpoint in FORMS else REFUSED
    if not parameters_of(endpoint)[name].source.startswith("docs/wire.md"):
        looked_at = UNDOCUMENTED
    cells = [filled(SENT, "sync"), filled(SENT, "async"), filled(looked_at)]
    cells += [filled(cell) for cell in of_frameworks(endpoint, name)]
    return Row(f"`{name}`", tuple(marked(cell) for cell in cells))


def argument_rows() -> list[Row]:
    """A row for each argument that is sent and stands in no table."""
    rows: list[Row] = []
    for method, name in arguments():
        ways = [ARGUMENT.format(kind=k, endpoint=method, name=name) for k in ("sync", "async")]
        cells: list[Cell] = [*ways, SIMULATOR[method, name], *of_methods(method)]
        rows.append(Row(f"`{method}({name}=…)`", tuple(marked(cell) for cell in cells)))
    return rows


def arguments() -> list[tuple[str, str]]:
    """The arguments of the methods that have no typed request, from their signatures."""
    with SiliconFlowClient(api_key="sk-none") as client:
        return [
            (method, name)
            for method in METHODS
            for name in inspect.signature(attrgetter(method)(client)).parameters
            if name not in OF_THE_CLIENT
        ]


def tables() -> dict[str, list[Row]]:
    """All rows, by the heading that they stand under."""
    found = {"Endpoints": endpoint_rows()}
    for endpoint in get_args(Endpoint):
        found[PATHS[endpoint]] = parameter_rows(endpoint)
    return found | {"Arguments of other methods": argument_rows()}


def client_methods(client: Any, prefix: str = "") -> set[str]:
    """The public methods of a client and of its groups, as users write them."""
    found: set[str] = set()
    for name in dir(client):
        if name.startswith("_") or name in NO_CALLS:
            continue
        value = getattr(client, name)
        if inspect.ismethod(value):
            found.add(prefix + name)
        elif type(value).__module__.startswith("siliconflow_client"):
            found |= client_methods(value, f"{prefix}{name}.")
    return found


# --- tests --------------------------------------------------------------------------------------------


@functools.cache
def functions(file: str) -> frozenset[str]:
    """The names of the tests in a file; methods of classes too."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


# --- the page -----------------------------------------------------------------------------------------


def written() -> str:
    """The whole page."""
    reasons = Reasons()
    parts = [INTRODUCTION]
    for heading, rows in tables().items():
        parts.append(f"## {heading}\n")
        parts.append("\n".join([f"| {HEAD}", LINE, *(_line(row, reasons) for row in rows)]) + "\n")
    parts.append("## Reasons\n")
    parts.append("\n".join(f"{n}. {reason}" for reason, n in reasons.numbers.items()) + "\n")
    return "\n".join(parts)


def _line(row: Row, reasons: Reasons) -> str:
    cells = [", ".join(_shown(name, proof, reasons) for name, proof in cell) for cell in row.cells]
    return f"| {' | '.join([row.name, *cells])} |"


def _shown(name: str, proof: Cell, reasons: Reasons) -> str:
    if isinstance(proof, NoPlace):
        return f"– ({reasons.number(proof.reason)})"
    file, _, test = proof.partition("::")
    return f'[{name}](../{file} "{test or file}")'


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
