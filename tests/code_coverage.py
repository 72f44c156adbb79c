"""How much of each package the tests run: lines and branches, and what they leave out.

`make coverage` measures; `python -m tests.code_coverage` reads the report of `coverage json`, prints
a table and the places that no test reaches, and fails where a package has less than `GOAL` of its
lines or of its branches. coverage.py itself knows one limit, for both together and all packages.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
GOAL: Final = 97.0


@dataclass(frozen=True)
class Count:
    """How many of a package's lines and branches were run."""

    lines_run: int = 0
    lines: int = 0
    branches_run: int = 0
    branches: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.lines_run + other.lines_run,
            self.lines + other.lines,
            self.branches_run + other.branches_run,
            self.branches + other.branches,
        )

    @property
    def shares(self) -> tuple[float, float]:
        """The per cent of lines and of branches; nothing at all is no success."""
        return _share(self.lines_run, self.lines), _share(self.branches_run, self.branches)


def _share(run: int, there: int) -> float:
    return 100 * run / there if there else 0.0


def settings() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)["tool"]["coverage"]
    return found


def counts(report: Mapping[str, Any], packages: Iterable[str]) -> dict[str, Count]:
    """Add the files of a report up, for each package."""
    found = {package: Count() for package in packages}
    for name, file in report["files"].items():
        part = file["summary"]
        found[Path(name).parts[0]] += Count(
            part["covered_lines"],
            part["num_statements"],
            part["covered_branches"],
            part["num_branches"],
        )
    return found


def left_out(report: Mapping[str, Any]) -> Iterable[str]:
    """Name the lines, and the branches between lines that did run, that no test reached."""
    for name, file in sorted(report["files"].items()):
        lines = set(file["missing_lines"])
        branches = [
            f"{start}->{'end' if end < 0 else end}"
            for start, end in file["missing_branches"]
            if not {start, end} & lines
        ]
        if lines or branches:
            yield f"{name}: {', '.join([*map(str, sorted(lines)), *branches])}"


def table(found: Mapping[str, Count]) -> str:
    rows = ["| package | lines | run | branches | run |", "|---|---|---|---|---|"]
    for package, count in found.items():
        lines, branches = (f"{_cut(share):.1f} %" for share in count.shares)
        rows.append(
            f"| `{package}` | {count.lines:,} | {lines} | {count.branches:,} | {branches} |"
        )
    return "\n".join(rows)


def _cut(share: float) -> float:
    """Round down, so that 96.96 does not look like the goal."""
    return int(share * 10) / 10


def below(found: Mapping[str, Count]) -> list[str]:
    return [package for package, count in found.items() if min(count.shares) < GOAL]


def main() -> int:
    chosen = settings()
    report = json.loads((ROOT / chosen["json"]["output"]).read_text(encoding="utf-8"))
    found = counts(report, chosen["run"]["source"])
    sys.stdout.write("\n".join(["Not run:", *left_out(report), "", table(found), ""]))
    failed = below(found)
    if failed:
        sys.stderr.write(f"Less than {GOAL:g} % of lines or branches: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
