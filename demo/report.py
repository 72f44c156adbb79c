"""What the demo prints: colours and a progress bar in a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from time import perf_counter

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from demo.pipeline import Hit, Tokens, ToolUse

_PREVIEW = 60


class Report:
    """Prints the steps of a pipeline and measures them."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        if console is None and not self.console.is_terminal:
            self.console = Console(width=110)  # a pipe has no width

    def line(self, text: str, style: str = "") -> None:
        """Print a line of our own words."""
        self.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def heading(self, text: str) -> None:
        """Begin a framework's part."""
        self.console.print()
        if self.console.is_terminal:
            self.console.rule(f"[bold]{escape(text)}", align="left")
        else:
            self.line(f"== {text} ==")

    @contextmanager
    def progress(self, label: str, total: int) -> Generator[Callable[[int], None]]:
        """Show a bar that the yielded function moves on; a pipe gets one line at the end."""
        began = perf_counter()
        columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        shown = self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=not shown) as bar:
            task = bar.add_task(label, total=total)

            def advance(steps: int) -> None:
                bar.advance(task, steps)

            yield advance
        self.line(f"{label}: {total} in {_seconds(began)}")

    @contextmanager
    def step(self, label: str) -> Generator[None]:
        """Announce a step and tell how long it took."""
        began = perf_counter()
        yield
        self.line(f"({label}: {_seconds(began)})", style="dim")

    def hits(self, title: str, hits: Sequence[Hit]) -> None:
        """Print passages in their order, with their scores."""
        self.line(f"\n{title}", style="bold")
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(justify="right", min_width=3)
        table.add_column(justify="right", min_width=6, style="cyan")
        table.add_column(min_width=30, style="green", no_wrap=True, overflow="ellipsis")
        table.add_column(no_wrap=True, overflow="ellipsis")
        for number, hit in enumerate(hits, start=1):
            row = (f"{number}.", f"{hit.score:.3f}", hit.passage.title, _short(hit.passage.text))
            table.add_row(*map(escape, row))
        self.console.print(table)

    def stream(self, title: str, pieces: Iterable[str]) -> None:
        """Print text while it arrives, then the time to its first piece and to its last."""
        self.line(f"\n{title}", style="bold")
        began = perf_counter()
        first: str | None = None
        for piece in pieces:
            first = first or _seconds(began)
            self.console.print(piece, end="", markup=False, highlight=False, soft_wrap=True)
        self.line(
            f"\n(first piece after {first or 'nothing'}, last after {_seconds(began)})", "dim"
        )

    def tool(self, use: ToolUse) -> None:
        """Print a tool call, what it returned and what the model made of it."""
        self.line("\nA tool call", style="bold")
        arguments = ", ".join(f"{name}={value!r}" for name, value in use.arguments.items())
        self.line(f"  model calls: {use.name}({arguments})")
        self.line(f"  tool returns: {_short(use.result)}")
        self.line(f"  model says: {' '.join(use.answer.split())}")

    def total(self, tokens: Tokens, seconds: float) -> None:
        """Print what the chat model used and how long everything took."""
        self.line(
            f"\nChat tokens: {tokens.read} read, {tokens.written} written. "
            f"Everything took {seconds:.1f} s.",
        )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _PREVIEW else line[: _PREVIEW - 1] + "…"


def _seconds(began: float) -> str:
    return f"{perf_counter() - began:.2f} s"
