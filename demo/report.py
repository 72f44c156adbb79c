"""What the demo prints: colours and a progress bar in a terminal, plain lines in a pipe.

Whatever the width, nothing is cut but previews, and no word is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from time import perf_counter

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo.pipeline import Hit, Tokens, ToolUse
from demo.wrapping import Wrapping, harmless, shortened, wrapped

_LEAST_PREVIEW = 20


class Report:
    """Prints the steps of a pipeline and measures them.

    Attributes:
        seconds: How long the steps took since it was last emptied, by their names.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        if console is None and not self.console.is_terminal:
            self.console = Console(width=110)  # a pipe has no width
        self.seconds: dict[str, float] = {}

    def line(self, text: str, style: str = "", *, indent: int = 0) -> None:
        """Print a text in as many lines as it needs."""
        lines = wrapped(text, self.console.width - indent).split("\n")
        for line in lines:
            self._print(f"{' ' * indent}{line}", style=style)

    def heading(self, text: str) -> None:
        """Begin a framework's part."""
        self.console.print()
        if self.console.is_terminal:
            self.console.rule(f"[bold]{escape(text)}", align="left")
        else:
            self.line(f"== {text} ==")

    @contextmanager
    def progress(self, label: str, total: int) -> Generator[Callable[[int], None]]:
        """Show a bar that the yielded function moves on; a pipe sees nothing."""
        columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        shown = self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=not shown) as bar:
            task = bar.add_task(label, total=total)

            def advance(steps: int) -> None:
                bar.advance(task, steps)

            yield advance

    @contextmanager
    def step(self, label: str) -> Generator[None]:
        """Tell how long a step took, when it is over."""
        with self.timed(label):
            yield
        self.line(f"({label}: {self.seconds[label]:.2f} s)", style="dim")

    @contextmanager
    def timed(self, label: str) -> Generator[None]:
        """Measure a step and say nothing."""
        began = perf_counter()
        yield
        self.seconds[label] = perf_counter() - began

    def hits(self, title: str, hits: Sequence[Hit], *, previews: bool = False) -> None:
        """Print passages in their order: rank, score, title, and the beginning of the text.

        Args:
            title: What is listed.
            hits: The passages, the best first.
            previews: Whether the beginnings have lines of their own.
        """
        self.line(f"\n{title}", style="bold")
        titles = max((cell_len(hit.passage.title) for hit in hits), default=0)
        room = self.console.width - titles - 14
        for number, hit in enumerate(hits, start=1):
            head = f"{number:>3}.  {hit.score:.3f}  "
            name = hit.passage.title
            if not previews and room >= _LEAST_PREVIEW:
                preview = shortened(hit.passage.text, room)
                pad = " " * (titles - cell_len(name))
                self._print(f"{head}{name}{pad}  {preview}".rstrip())
            elif cell_len(head + name) <= self.console.width:
                self._print(head + name)
            else:
                self._print(head.rstrip())
                self.line(name, indent=6)
            if previews:
                self._print(f"      {shortened(hit.passage.text, self.console.width - 6)}", "dim")

    def stream(self, title: str, pieces: Iterable[str]) -> str:
        """Print text while it arrives, and the times to its first piece and to its last.

        Returns:
            The whole text.
        """
        self.line(f"\n{title}", style="bold")
        began = perf_counter()
        wrapping = Wrapping(self.console.width)
        text: list[str] = []
        for piece in pieces:
            self.seconds.setdefault("first piece of the answer", perf_counter() - began)
            text.append(piece)
            self._print(wrapping.feed(piece), end="")
        self._print(wrapping.finish())
        self.seconds["whole answer"] = last = perf_counter() - began
        first = self.seconds.get("first piece of the answer")
        shown = "nothing came" if first is None else f"first piece after {first:.2f} s"
        self.line(f"({shown}, last after {last:.2f} s)", "dim")
        return "".join(text)

    def tool(self, use: ToolUse) -> None:
        """Print a tool call, what it returned and what the model made of it."""
        self.line("\nA tool call", style="bold")
        returned = shortened(use.result, self.console.width - len("  tool returns: "))
        self.line(f"model calls: {use.call}", indent=2)
        self.line(f"tool returns: {returned}", indent=2)
        self.line(f"model says: {' '.join(use.answer.split())}", indent=2)

    def total(self, tokens: Tokens, seconds: float) -> None:
        """Print what the chat model used and how long everything took."""
        self.line(
            f"\nChat tokens: {tokens.read} read, {tokens.written} written. "
            f"Everything took {seconds:.1f} s.",
        )

    def _print(self, text: str, style: str = "", end: str = "\n") -> None:
        self.console.print(
            harmless(text, self.console.encoding),
            style=style,
            end=end,
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
