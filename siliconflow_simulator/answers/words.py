"""Words, stems and sentences of English and Chinese text."""

from __future__ import annotations

import functools
import re
from typing import Final

CJK: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
"""What stands in a character class for Chinese, Japanese and Korean letters."""
_CJK_RUN: Final = re.compile(f"[{CJK}]+")
WORD: Final = re.compile(rf"[^\W_{CJK}]+(?:'[a-z]+)?|[{CJK}]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SENTENCE_END: Final = re.compile(
    r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[A-Z0-9`_*]|[^\x00-\x7f])|(?<=[。！？；])"
)

_STOP_WORDS: Final = frozenset(
    """a about above after again all also am an and any are as at be because been before being both
    but by can could did do does doing don down each few for from further had has have having he
    her here hers him his how i if in into is isn it its itself just let me more most my myself no
    nor not now of off on once one only or other our out over own please same she should so some
    such tell than that the their them then there these they this those through to too under until
    up us use used using very want was we were what when where which while who whom why will with
    would you your yours
    的 了 是 在 我 你 您 他 她 它 们 吗 呢 吧 啊 和 与 或 也 都 就 很 请 把 被
    给 对 这 那 有 没 不 什么 怎么 如何 为什么 多少
    哪 谁 几 一个 一下 告诉 请问""".split()
)


def is_chinese(text: str) -> bool:
    """Tell whether a text holds any Chinese, Japanese or Korean."""
    return _CJK_RUN.search(text) is not None


def is_cjk(text: str) -> bool:
    """Tell whether a text is mainly Chinese, Japanese or Korean."""
    cjk = sum(len(run) for run in _CJK_RUN.findall(text))
    return cjk * 3 > len(text.strip())


@functools.lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Reduce an English word to a rough stem, so that "compresses" meets "compression"."""
    word = word.lower().removesuffix("'s")
    if len(word) <= 3 or not word.isascii():
        return word
    for ending in ("ization", "ations", "ation", "ssion", "ingly", "edly", "ers", "ings"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending) + ("ss" if ending == "ssion" else "")
    for ending in ("ing", "ies", "ed", "er", "ly", "es", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            if ending == "s" and word.endswith("ss"):
                return word
            word = word.removesuffix(ending)
            break
    # stopped, planning
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiousl":
        word = word[:-1]
    return word


def words(text: str) -> list[str]:
    """Split into lower-case words; a run of Chinese becomes its characters' pairs."""
    found: list[str] = []
    for run in WORD.findall(text):
        if _CJK_RUN.fullmatch(run):
            found.extend([run] if len(run) == 1 else (run[i : i + 2] for i in range(len(run) - 1)))
        else:
            found.append(run.lower())
    return found


def name_words(name: str) -> list[str]:
    """Split an identifier such as `get_weather`, `getWeather` or `GetWeather` into words."""
    return words(split_names(name))


def split_names(text: str) -> str:
    """Set the words of identifiers apart: `TemporaryDirectory`, `temporary_directory`."""
    return _CAMEL.sub(" ", text).replace("_", " ")


def content_stems(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, in order."""
    return [stem(word) for word in words(text) if word not in _STOP_WORDS]


def _unwrapped(text: str) -> list[str]:
    """Return the lines of a text, with those that a margin had broken joined again."""
    lines: list[list[str]] = []
    length = 0
    for line in text.splitlines():
        before = lines[-1][-1] if lines else ""
        stripped = line.strip()
        goes_on = stripped[:1].isalnum() and length >= (40 if stripped[:1].islower() else 60)
        label = ":" in stripped.split(" ", 1)[0]
        if before and goes_on and not label and before[-1] not in ".!?:;。！？：；-=_":
            lines[-1].append(stripped)
            length += 1 + len(stripped)
        else:
            lines.append([stripped])
            length = len(stripped)
    return [" ".join(parts) for parts in lines]


def sentences(text: str) -> list[str]:
    """Split text into sentences; so does a line break, unless a margin put it there."""
    found: list[str] = []
    for line in _unwrapped(text):
        found.extend(part.strip() for part in _SENTENCE_END.split(line) if part.strip())
    return found
