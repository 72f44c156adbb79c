"""Tests have the same names in every process, or pytest-xdist's workers could not share them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import COLLECTED, ROOT


@pytest.mark.skipif(
    "PYTEST_XDIST_WORKER" in os.environ,
    reason="pytest-xdist compares what its workers collected, each with a hash seed of its own",
)
def test_no_test_id_depends_on_the_order_of_a_set(pytestconfig: pytest.Config):
    here = [item.nodeid for item in pytestconfig.stash[COLLECTED]]
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    files = dict.fromkeys(nodeid.partition("::")[0] for nodeid in here)
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *files],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    wanted = set(here)
    # A run of some tests of a file is compared with the same tests of the whole file.
    assert [line for line in done.stdout.splitlines() if line in wanted] == here


def test_hash_seeds_are_left_to_chance():
    """A fixed one would hide from pytest-xdist what depends on it."""
    assert "PYTHONHASHSEED" not in os.environ
    assert sys.flags.hash_randomization
