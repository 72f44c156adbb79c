"""A report that is printed on paper which a test can read."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from demo.report import Report


@pytest.fixture
def paper() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def report(paper: io.StringIO) -> Report:
    return Report(Console(file=paper, width=110))
