"""What an examination finds, and how it is written: plain text, 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from siliconflow_client.errors.redaction import printable

Level: TypeAlias = Literal["ok", "note", "problem"]

COLUMNS: Final = 80
_MARKS: Final[dict[Level, str]] = {"ok": "ok", "note": "note", "problem": "PROBLEM"}
_INDENT: Final = " " * 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: `problem` makes the command fail.
        subject: What was looked at, in a word.
        text: What was found.
        commands: What to type to repair it; each gets a line of its own.
    """

    level: Level
    subject: str
    text: str
    commands: Sequence[str] = ()

    def lines(self) -> list[str]:
        """The lines that tell it; only a long word, such as a URL, goes over 80 columns."""
        head = f"{_MARKS[self.level]:<9}{self.subject:<10} "
        told = textwrap.wrap(
            printable(self.text),
            COLUMNS,
            initial_indent=head,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return [*told, *(f"    {printable(command)}" for command in self.commands)]


def verdict(findings: Sequence[Finding]) -> str:
    """The last line."""
    problems = sum(finding.level == "problem" for finding in findings)
    if not problems:
        return "Everything is in place."
    return "1 problem." if problems == 1 else f"{problems} problems."
