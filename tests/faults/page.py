"""The fault table as a page: rows, what must come of them, and what came in each column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.faults import openai_sdk
from tests.faults.columns import COLUMNS
from tests.faults.table import TABLE
from tests.faults.table.row import Row

LONGEST = 70
"""Characters of an outcome that are written out."""

INTRODUCTION = """\
# Faults

What comes of {rows} faults, in each way to ask, and in the `openai` SDK {sdk} for comparison. Written by `make faults`; the rows
stand in `tests/faults/table`.

A ✓ means: exactly this text or this class of error with these values, after so many requests, each retry the same as the first
request, and at the end no connection, thread or task left. The clients wait nowhere and ask four times where a row sets nothing
else (`max_retries=3`), with `long_answers="never"`. For the SDK, which was asked the rows with chats only, ✓ means no more than the
right text, or any error of its own; **error** that it gave up where an answer was to be had; **raw error** another library's, or one
that touching the answer raises; **wrong, silently** an answer that is none; **hangs** more than {patience:g} s.

"""

Verdicts = Mapping[tuple[str, str, str], str]
"""By group, row and column: "" for right, or what is not."""


def write(verdicts: Verdicts, sdk: Mapping[int, str], version: str) -> str:
    """The whole page."""
    lines = [
        INTRODUCTION.format(
            rows=sum(len(group.rows) for group in TABLE),
            sdk=version,
            patience=openai_sdk.PATIENCE,
        ),
        *summary(verdicts, sdk),
    ]
    columns = [*(column.name for column in COLUMNS), "openai"]
    for group in TABLE:
        lines += ["", f"## {group.title}", ""]
        lines += _heading(["the server", "must come", "requests", *columns])
        for row in group.rows:
            said = [verdicts[group.title, row.name, column.name] for column in COLUMNS]
            cells = [*(word or openai_sdk.RIGHT for word in said), sdk.get(id(row), "–")]
            lines.append(_line([*described(row), *cells]))
    return "\n".join([*lines, ""])


def summary(verdicts: Verdicts, sdk: Mapping[int, str]) -> Iterator[str]:
    """How many rows of each group are right, column by column."""
    names = [column.name for column in COLUMNS]
    yield from _heading(["group", "rows", *names, "openai"])
    for group in TABLE:
        right = [
            sum(not verdicts[group.title, row.name, name] for row in group.rows) for name in names
        ]
        asked = [sdk[id(row)] for row in group.rows if id(row) in sdk]
        peers = f"{asked.count(openai_sdk.RIGHT)} of {len(asked)}" if asked else "–"
        yield _line([group.title, str(len(group.rows)), *map(str, right), peers])
    every = Counter(sdk.values())
    words = ", ".join(f"{word} {every[word]}" for word in sorted(every) if word != openai_sdk.RIGHT)
    total = sum(len(group.rows) for group in TABLE)
    sums = [
        str(sum(not said for key, said in verdicts.items() if key[2] == name)) for name in names
    ]
    yield _line(["all", str(total), *sums, f"{every[openai_sdk.RIGHT]} of {len(sdk)} ({words})"])


def described(row: Row) -> list[str]:
    """The first cells of a row: what the server does, what must come, how many requests."""
    return [_shown(row.name), _outcome(row), str(row.requests)]


def _outcome(row: Row) -> str:
    words = _named(row.outcome)
    details = [
        f"{name} {_cut(repr(value))}" for name, value in row.said.items() if name != "trace_id"
    ]
    if row.text:
        details.append(f"after {_cut(repr(row.text))}")
    if row.wait is not None:
        least, most = row.wait
        details.append(f"wait {least:g} s" if least == most else f"wait {least:g} to {most:g} s")
    details += [f"in {column}: {_named(outcome)}" for column, outcome in row.but.items()]
    return _shown("; ".join([words, *details]))


def _named(outcome: object) -> str:
    return outcome.__name__ if isinstance(outcome, type) else _cut(repr(outcome))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _shown(text: str) -> str:
    """Text for a cell: on one line, and without what Markdown would take for its own."""
    text = "".join(one if one.isprintable() else " " for one in text)
    for special in ("\\", "|", "<", "*", "`", "["):
        text = text.replace(special, f"\\{special}")
    return text


def _heading(cells: list[str]) -> list[str]:
    return [_line(cells), "|" + "---|" * len(cells)]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
