"""`docs/coverage.md` is what the client has, and the tests that it names are there."""

from __future__ import annotations

import re

import pytest

from siliconflow_client import AsyncSiliconFlowClient, SiliconFlowClient
from siliconflow_simulator.api._routes import all_routes
from tests.conftest import COLLECTED, ROOT
from tests.coverage_parameters import SIMULATOR
from tests.coverage_proofs import ROUTES
from tests.coverage_table import (
    PAGE,
    arguments,
    client_methods,
    functions,
    tables,
    written,
)
from tests.simulator.test_every_argument import ARGUMENTS

PROOFS = sorted({proof for rows in tables().values() for row in rows for proof in row.proofs()})


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == written(), "run `python -m tests.coverage_table`"


def test_every_method_of_the_clients_has_its_place() -> None:
    listed = [method for route in ROUTES.values() for method in route.methods]
    assert len(listed) == len(set(listed))
    with SiliconFlowClient(api_key="sk-none") as client:
        assert client_methods(client) == set(listed)
    assert client_methods(AsyncSiliconFlowClient(api_key="sk-none")) == set(listed)


def test_every_endpoint_of_the_simulator_has_its_row() -> None:
    served = {f"{route.method} {route.path}" for route in all_routes()}
    assert {path.replace(" ", " /v1", 1) for path in ROUTES} == {
        path for path in served if " /v1/" in path
    }


def test_every_argument_has_its_tests() -> None:
    assert set(arguments()) == set(ARGUMENTS) == set(SIMULATOR)


def test_no_cell_is_empty_and_every_dash_has_its_reason() -> None:
    lines = [line for line in written().splitlines() if line.startswith("| `")]
    assert len(lines) > 100
    for line in lines:
        cells = line.strip("| ").split(" | ")
        assert len(cells) == 6
        for cell in cells[1:]:
            assert re.fullmatch(r"(\[\S+\]\(\.\./tests/.+\"\))(, \[.+\"\))*|– \(\d+\)", cell), cell


def test_a_frameworks_cells_are_proved_by_its_own_tests() -> None:
    """What the client's tests show says nothing of an adapter that does not hand it on."""
    for rows in tables().values():
        for row in rows:
            for folder, cell in zip(("langchain", "llama_index"), row.cells[3:], strict=True):
                for _, proof in cell:
                    where = proof.startswith(f"tests/{folder}/") if isinstance(proof, str) else True
                    assert where, (row.name, proof)


def test_the_tests_that_the_page_names_are_there(pytestconfig: pytest.Config) -> None:
    """By their ids, where their files are among the tests that were collected; else by their names."""
    collected: dict[str, set[str]] = {}
    for item in pytestconfig.stash[COLLECTED]:
        file, _, test = item.nodeid.partition("::")
        collected.setdefault(file, set()).update((test, test.partition("[")[0]))
    lost: list[str] = []
    for proof in PROOFS:
        file, _, test = proof.partition("::")
        if file in collected:
            is_there = test in collected[file]
        else:
            is_there = (ROOT / file).is_file() and test.partition("[")[0] in functions(file)
        if not is_there:
            lost.append(proof)
    assert not lost, "\n".join(["these are not there:", *lost])
