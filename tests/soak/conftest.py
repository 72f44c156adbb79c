"""The server of the soak, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def soak_url() -> Iterator[str]:
    """Base URL of a server that spoils three answers in ten."""
    program = Path(__file__).with_name("server.py")
    process = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    process.terminate()
    process.wait(10)
    process.stdout.close()
