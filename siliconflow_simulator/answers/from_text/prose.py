"""Answer a question with sentences of the prompt. No knowledge, no dice: what is there, or a no."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator.answers.from_text.question import (
    NOTHING,
    NOTHING_CJK,
    find_passages,
    find_question,
)
from siliconflow_simulator.answers.overlap import relevance
from siliconflow_simulator.answers.words import content_stems, is_cjk, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_simulator.answers.call import Turn

_MAX_SENTENCES: Final = 3
_MAX_CHARACTERS: Final = 700
_FIT: Final = 0.25
"""Relevance below which a sentence says nothing about the question."""

_CODE: Final = re.compile(r"\w\([^)]{0,300}$|^[^(]*\)|\w=\S|^>>>|[{};]$")
"""A piece of a program: a call that is cut in two, an assignment, a prompt."""

_GREETING: Final = re.compile(
    r"^\W*(?:(?:hello|hi|hey|good (?:morning|afternoon|evening))\b|你好|您好|早上好|晚上好)",
    re.IGNORECASE,
)
_THANKS: Final = re.compile(r"^\W*(?:thanks|thank you|谢谢)", re.IGNORECASE)
_HOW_ARE_YOU: Final = re.compile(r"how are you|你好吗|最近怎么样", re.IGNORECASE)
_SUMMARY: Final = re.compile(r"\bsummar|总结|概括|摘要", re.IGNORECASE)


def answer_turns(turns: Sequence[Turn]) -> str:
    """Answer the last user message out of the whole conversation; never empty."""
    users = [turn for turn in turns if turn.role == "user"]
    asked = users[-1]
    question = find_question(asked.text)
    passages = find_passages(turns, question)
    best = best_sentences(question, passages)
    if best:
        return join_sentences(best)
    if _SUMMARY.search(asked.text) and passages:
        return join_sentences(_within(passages))
    return _small_talk(question, seen=bool(asked.media))


def best_sentences(question: str, passages: Sequence[str]) -> list[str]:
    """Return up to three sentences that fit the question, in the order of the text.

    A piece of a program comes after prose that fits about as well.
    """
    if not content_stems(question):
        return []
    scores = relevance(question, passages)
    if max(scores, default=0.0) < _FIT:
        return []
    scores = [
        score / 2 if _CODE.search(passage) else score
        for score, passage in zip(scores, passages, strict=True)
    ]
    ranked = sorted(range(len(passages)), key=lambda i: (-scores[i], i))
    chosen = [i for i in ranked[:_MAX_SENTENCES] if scores[i] >= 0.6 * scores[ranked[0]]]
    return _within([passages[i] for i in sorted(chosen)])


def join_sentences(parts: Sequence[str]) -> str:
    """Join sentences; what does not end like one keeps its own line."""
    text = ""
    for part in parts:
        if text:
            text += "" if text[-1] in "。！？" else " " if text[-1] in ".!?" else "\n"
        text += part
    return text


def _within(chosen: Sequence[str]) -> list[str]:
    kept: list[str] = []
    length = 0
    for sentence in chosen:
        if kept and (length + len(sentence) > _MAX_CHARACTERS or len(kept) == _MAX_SENTENCES):
            break
        kept.append(sentence[:_MAX_CHARACTERS])
        length += len(sentence)
    return kept


def _small_talk(question: str, *, seen: bool) -> str:
    cjk = is_cjk(question)
    if _HOW_ARE_YOU.search(question):
        return "我很好，谢谢。" if cjk else "I am well, thank you. What would you like to know?"
    if _GREETING.match(question) and len(words(question)) <= 6:
        return "你好！有什么可以帮你的吗？" if cjk else "Hello! How can I help you today?"
    if _THANKS.match(question):
        return "不客气！" if cjk else "You are welcome!"
    if seen:
        return "我收到了你的文件。" if cjk else "I have received your file; a simulator cannot see."
    short = question.rstrip(".!。！") if len(question) <= 200 else f"{question[:200]}…"
    return f"{NOTHING_CJK}“{short}”的内容。" if cjk else f"{NOTHING} “{short}”."
