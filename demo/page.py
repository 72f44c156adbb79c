"""A run of the demo as one page: `demo.html`, which needs no other file and no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from demo.moves import picture
from demo.pipeline import KEPT, Hit, Outcome

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2230; --soft: #5b6478; --line: #d9dde6; --paper: #fff;
  --card: #f6f7fa; --up: #0b7a55; --down: #b3552e; --same: #7a8296; --mark: #6d3bd1; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf2; --soft: #a2abbd; --line: #343b4b;
  --paper: #12151c; --card: #1b202b; --up: #4cc79a; --down: #ee9a72; --same: #8b94a8;
  --mark: #b79bff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 2rem 1.25rem 4rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 system-ui, "Noto Sans CJK SC", sans-serif;
  overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: .2rem 0 .6rem; }
h2 { font-size: 1.1rem; margin: 2.4rem 0 .6rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
p, ol { margin: .4rem 0; }
.soft, small { color: var(--soft); }
.badge { display: inline-block; border: 1px solid var(--mark); color: var(--mark);
  border-radius: 1rem; padding: 0 .6rem; font-size: .8rem; font-weight: 400; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr));
  gap: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 1rem 1.1rem; min-width: 0; }
.answer { white-space: pre-wrap; }
ol { padding-left: 1.4rem; } li { margin: .35rem 0; }
code { font: .86em ui-monospace, "DejaVu Sans Mono", monospace; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0 0 .6rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
svg { display: block; width: 100%; min-width: 640px; height: auto; }
svg text { font: 12.5px ui-monospace, "DejaVu Sans Mono", "Noto Sans CJK SC", monospace;
  fill: var(--ink); }
svg .dim { fill: var(--soft); } svg .kept { font-weight: 700; }
svg path { fill: none; stroke-width: 2; }
svg .up { stroke: var(--up); } svg .down { stroke: var(--down); } svg .same { stroke: var(--same); }
svg .out { opacity: .45; }
"""


def write_page(path: Path, question: str, outcomes: Sequence[Outcome], *, quoted: str = "") -> None:
    """Write the page of a run.

    Args:
        path: The file.
        question: What was asked.
        outcomes: What each framework made of it.
        quoted: What to say beside the answers where no model has written them.
    """
    path.write_text(page(question, outcomes, quoted=quoted), encoding="utf-8")


def page(question: str, outcomes: Sequence[Outcome], *, quoted: str = "") -> str:
    """Return the page as HTML; every text from outside is escaped."""
    badge = f' <span class="badge">{escape(quoted)}</span>' if quoted else ""
    cards = "".join(_card(outcome, badge) for outcome in outcomes)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(question)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<p class="soft">SiliconFlow through {escape(_names(outcomes))}</p>\n'
        f"<h1>{escape(question)}</h1>\n"
        "<h2>Passages before and after rerank</h2>\n"
        f'<p class="soft">Left: nearest by embedding, with the similarity. Right: the reranker\'s '
        f"order, with the relevance. The first {KEPT}, in bold, went into the prompt.</p>\n"
        f"{_pictures(outcomes)}\n"
        f'<h2>Answers</h2>\n<div class="pair">{cards}</div>\n'
        "<h2>Tokens and times</h2>\n"
        f'<div class="scroll">{_table(outcomes)}</div>\n</body>\n</html>\n'
    )


def _names(outcomes: Sequence[Outcome]) -> str:
    return " and ".join(outcome.framework for outcome in outcomes)


def _pictures(outcomes: Sequence[Outcome]) -> str:
    drawn: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Outcome]] = {}
    for outcome in outcomes:
        drawn.setdefault((_titles(outcome.found), _titles(outcome.ranked)), []).append(outcome)
    parts: list[str] = []
    for alike in drawn.values():
        names = escape(_names(alike))
        label = f"{names}: the same order" if len(alike) > 1 else names
        parts.append(
            f'<p><small>{label}</small></p>\n<div class="scroll">'
            f"{picture(alike[0].found, alike[0].ranked, kept=KEPT)}</div>"
        )
    return "\n".join(parts)


def _titles(hits: Sequence[Hit]) -> tuple[str, ...]:
    return tuple(hit.passage.title for hit in hits)


def _card(outcome: Outcome, badge: str) -> str:
    sources = "".join(
        f"<li><code>{escape(hit.passage.title)}</code> <small>{hit.score:.3f}</small></li>"
        for hit in outcome.ranked[:KEPT]
    )
    tool = outcome.tool
    return (
        f'<section class="card"><h3>{escape(outcome.framework)}{badge}</h3>'
        f'<p class="answer">{escape(outcome.answer.strip())}</p>'
        f'<p class="soft">From these passages:</p><ol>{sources}</ol>'
        '<p class="soft">A tool call:</p><dl>'
        f"<dt>the model calls</dt><dd><code>{escape(tool.call)}</code></dd>"
        f"<dt>the tool returns</dt><dd>{escape(_short(tool.result))}</dd>"
        f"<dt>the model says{badge}</dt><dd>{escape(_short(tool.answer))}</dd></dl></section>"
    )


def _table(outcomes: Sequence[Outcome]) -> str:
    heads = "".join(f"<th>{escape(outcome.framework)}</th>" for outcome in outcomes)
    rows = [
        _row("tokens read", [f"{outcome.tokens.read}" for outcome in outcomes]),
        _row("tokens written", [f"{outcome.tokens.written}" for outcome in outcomes]),
    ]
    for step in dict.fromkeys(step for outcome in outcomes for step in outcome.seconds):
        times = [outcome.seconds.get(step) for outcome in outcomes]
        rows.append(_row(step, ["" if time is None else f"{time:.2f} s" for time in times]))
    return f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _row(label: str, cells: Sequence[str]) -> str:
    written = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr><td>{escape(label)}</td>{written}</tr>"


def _short(text: str, limit: int = 400) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[:limit].rsplit(" ", 1)[0] + " …"
