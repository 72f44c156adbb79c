"""The inputs that the fuzzer has found or was given hold all that its targets say."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.fuzz.targets import TARGETS

CORPUS = ROOT / "tests" / "fuzz" / "corpus"
INPUTS = sorted(path for path in CORPUS.rglob("*") if path.is_file())


def test_every_target_has_inputs_and_every_input_a_target():
    assert {path.parent.name for path in INPUTS} == set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_the_inputs_of_a_target_hold_what_it_says(target: str):
    held: list[str] = []
    for path in sorted((CORPUS / target).iterdir()):
        TARGETS[target](path.read_bytes())
        held.append(path.name)
    assert held == sorted(path.name for path in INPUTS if path.parent.name == target)


def test_the_corpus_is_small():
    assert len(INPUTS) <= 40 * len(TARGETS)
    assert all(path.stat().st_size <= 2048 for path in INPUTS)
