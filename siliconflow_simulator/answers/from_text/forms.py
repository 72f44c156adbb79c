"""Prompts that want an answer in a form of their own: a question rephrased, a choice, keywords."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator.answers.from_text.question import find_question
from siliconflow_simulator.answers.overlap import relevance
from siliconflow_simulator.answers.words import content_stems, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_simulator.answers.call import Turn

_REPHRASE: Final = re.compile(
    r"standalone question|rephrase the follow|独立(?:的)?问题", re.IGNORECASE
)
_FOLLOW_UP: Final = re.compile(
    r"(?:follow[ -]up (?:input|question|message)\s*:|<follow up message>)\s*(\S.*?)\s*"
    r"(?:\n\s*<?standalone question|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_DOCUMENT: Final = re.compile(
    r"^Document (\d+):\s*\n(.*?)(?=^Document \d+:|^Question:|\Z)", re.MULTILINE | re.DOTALL
)
_NUMBERED: Final = re.compile(
    r"^\s*\((\d+)\)\s+(.*?)(?=^\s*\(\d+\)|^-{5,}|\Z)", re.MULTILINE | re.DOTALL
)
_ASKED: Final = re.compile(r"relevant to the question: '(.*?)'\s*$", re.MULTILINE)


def special_form(turns: Sequence[Turn]) -> str | None:
    """Answer a prompt that prescribes a form, or return `None` when it prescribes none."""
    text = next(turn.text for turn in reversed(turns) if turn.role == "user")
    system = "\n".join(turn.text for turn in turns if turn.role == "system")
    if _REPHRASE.search(text) or _REPHRASE.search(system):
        found = _FOLLOW_UP.findall(text)
        return str(found[-1]).strip() if found else text.strip()
    if "'KEYWORDS: <keywords>'" in text:
        return _keywords(text)
    if "Doc: 9, Relevance: 7" in text:
        return _ranked_documents(text)
    asked = _ASKED.search(text)
    if asked and _NUMBERED.search(text):
        return _choice(text, asked.group(1))
    if re.search(r"either YES ?(?:or|/) ?NO", text + system):
        return _yes_or_no(text)
    return None


def _keywords(text: str) -> str:
    body = re.split(r"-{5,}", text)
    source = body[1] if len(body) > 2 else text
    most = re.search(r"up to (\d+)", text)
    found: dict[str, None] = {}
    for word in words(source):
        if content_stems(word) and len(word) > 2:
            found[word] = None
    chosen = list(found)[: int(most.group(1)) if most else 10]
    return f"KEYWORDS: {', '.join(chosen)}"


def _ranked_documents(text: str) -> str:
    task = text.rpartition("Let's try this now:")[2]
    documents = _DOCUMENT.findall(task)
    scores = relevance(find_question(task), [str(body) for _, body in documents])
    ranked = sorted(zip(documents, scores, strict=True), key=lambda item: -item[1])
    lines = [
        f"Doc: {number}, Relevance: {max(1, min(10, round(10 * score)))}"
        for (number, _), score in ranked
        if score > 0
    ]
    return "\n".join(lines) or "Doc: 1, Relevance: 1"


def _choice(text: str, question: str) -> str:
    choices = _NUMBERED.findall(text)
    scores = relevance(question, [str(body) for _, body in choices])
    best = max(range(len(choices)), key=lambda i: (scores[i], -i))
    number = choices[best][0]
    reason = "It shares the most words with the question."
    if '"<insert reason for choice>"' in text:
        return f'[{{"choice": {number}, "reason": "{reason}"}}]'
    return f"ANSWER: {number}. {reason}"


def _yes_or_no(text: str) -> str:
    """Say YES when most words of the information are found in the context."""
    information, _, context = text.rpartition("Context:")
    for label in ("Information:", "Query and Response:"):
        information = information.rpartition(label)[2]
    claim = set(content_stems(information))
    found = claim & set(content_stems(context))
    return "YES" if claim and len(found) * 2 >= len(claim) else "NO"
