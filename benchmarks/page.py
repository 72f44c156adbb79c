"""Writes `docs/benchmarks.md`, the README's table and the plots from the file of figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.goals import GOALS, NotMeasuredError, at
from benchmarks.plan import PARTS, Table
from benchmarks.plots import calls_in_flight, corpus_size

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "benchmarks" / "figures.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOTS = ROOT / "docs" / "plots"
README = ROOT / "README.md"
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"

TITLES = {
    "calls": "One call, one chunk",
    "vectors": "Vectors",
    "imports": "Imports",
    "flights": "Calls at the same time",
    "lists": "Long lists, where a request takes its time",
    "streams": "Long streams",
    "histories": "Long histories",
    "tools": "Many tools",
    "corpus": "A corpus in memory",
}


def load() -> dict[str, Any]:
    """The figures of the last runs, by part."""
    if not FIGURES.exists():
        return {"versions": {}, "parts": {}}
    kept: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return kept


def store(kept: dict[str, Any]) -> None:
    FIGURES.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def tables_of(kept: dict[str, Any]) -> dict[str, Any]:
    """All tables of all parts."""
    return {key: found for part in kept["parts"].values() for key, found in part["figures"].items()}


def _cells(table: Table, found: dict[str, Any]) -> list[list[str]]:
    """A header and rows: contenders down and sizes across."""
    digits = 2 if table.metric == "ideal" else 1
    header = ["", *(f"{size:,} {table.size_name}" if size or table.size_name else table.unit
                    for size in table.sizes)]  # fmt: skip
    rows = [header]
    for contender in table.contenders:
        row = [contender.name]
        for size in table.sizes:
            try:
                value = at({"t": found}, "t", contender.name, size, table.metric)
            except NotMeasuredError:
                row.append("–")
            else:
                row.append(f"{value / table.divisor:,.{digits}f}")
        rows.append(row)
    return rows


def as_text(table: Table, found: dict[str, Any]) -> str:
    """A table for the terminal."""
    rows = _cells(table, found)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [f"{table.title}, {table.unit}"]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def as_markdown(rows: list[list[str]]) -> str:
    """A table for a page; numbers to the right."""
    rule = ["---", *(["--:"] * (len(rows[0]) - 1))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], rule, *rows[1:]])


def goals(kept: dict[str, Any]) -> list[list[str]]:
    """The table of goals."""
    found = tables_of(kept)
    rows = [["what", "ours", "goal", "verdict", "others"]]
    rows += [
        [goal.what, goal.of(found), goal.limit, goal.verdict(found), goal.peers_of(found)]
        for goal in GOALS
    ]
    return rows


def goals_as_text(kept: dict[str, Any]) -> str:
    """The table of goals for the terminal."""
    rows = [[cell.replace("**", "").replace("`", "") for cell in row] for row in goals(kept)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def render(kept: dict[str, Any]) -> str:
    """The page."""
    goal_rows = goals(kept)
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`, from `benchmarks/figures.json`; `make bench ARGS=growth` (or the "
        "name of a part) measures some again.",
        "",
        "CPU is that of the client's process, which has one core, a canned server on loopback the "
        "other. Each figure is the least of several rounds in processes of their own, in which "
        "contenders take turns. Ratios of one run compare; figures of different runs or machines "
        "do not.",
        "",
        "## Goals",
        "",
        as_markdown(goal_rows).replace("--: | --: | --: | --: |", "--: | --: | --- | --- |"),
        "",
        "![Calls in flight against CPU a call](plots/calls-in-flight.svg)",
        "",
        "![Corpus size against memory and time](plots/corpus.svg)",
        "",
    ]
    for name, tables in PARTS.items():
        part = kept["parts"].get(name)
        if part is None:
            continue
        where = part["machine"]
        lines += [
            f"## {TITLES[name]}",
            "",
            f"`make bench ARGS={name}`, {where['date']}: {where['processor']}, "
            f"{where['cores']} cores, {where['system']}, Python {where['python']}.",
            "",
        ]
        for table in tables:
            found = part["figures"].get(table.key, {})
            lines += [f"{table.title}, {table.unit}:", "", as_markdown(_cells(table, found)), ""]
    lines += ["## Versions", ""]
    for name, packages in kept["versions"].items():
        said = ", ".join(f"{package} {version}" for package, version in packages.items())
        lines.append(f"- {name}: {said}")
    return "\n".join(lines) + "\n"


def readme_block(kept: dict[str, Any]) -> str:
    """The README's table: the goals, without what has none."""
    rows = [[row[0], row[1], row[4]] for row in goals(kept) if row[3] != "not measured"]
    rows[0] = ["", "this package", "others"]
    return f"{BEGIN}\n{as_markdown(rows).replace('--: | --: |', '--: | --- |')}\n{END}"


def with_block(readme: str, block: str) -> str:
    """The README with the block in its place, if it has one."""
    if BEGIN not in readme:
        return readme
    before, _, rest = readme.partition(BEGIN)
    return before + block + rest.partition(END)[2]


def write(kept: dict[str, Any]) -> None:
    """Write everything that is made from the figures."""
    PLOTS.mkdir(exist_ok=True)
    found = tables_of(kept)
    (PLOTS / "calls-in-flight.svg").write_text(calls_in_flight(found), encoding="utf-8")
    (PLOTS / "corpus.svg").write_text(corpus_size(found), encoding="utf-8")
    PAGE.write_text(render(kept), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    README.write_text(with_block(readme, readme_block(kept)), encoding="utf-8")
