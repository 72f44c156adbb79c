"""Tests have the same names in every process, or pytest-xdist's workers could not share them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import COLLECTED, ROOT


def test_no_test_id_depends_on_the_order_of_a_set(pytestconfig: pytest.Config):
    here = [item.nodeid for item in pytestconfig.stash[COLLECTED]]
    # This process has one hash seed, xdist's other worker another one, and this is a third.
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
