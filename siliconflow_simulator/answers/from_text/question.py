"""Find the question in a prompt, and the passages that may answer it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator.answers.words import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_simulator.answers.call import Turn

NOTHING: Final = "Nothing in this conversation answers"
NOTHING_CJK: Final = "这段对话里没有能回答"

_LABELLED: Final = re.compile(
    r"^[ \t>*#-]*(?:user(?:'s)?[ \t]+)?(?:query|question|input|request|问题|用户问题|提问)"
    r"[ \t*]*[:：][ \t]*(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_QUESTION: Final = re.compile(
    r"(?:question|query)\s{0,3}:\s{0,3}['\"](.{1,500}?)['\"]\s{0,3}$", re.IGNORECASE | re.MULTILINE
)
_HEADED: Final = re.compile(
    r"<(?:user )?(?:question|query)>\s{0,20}(\S.{0,2000}?)\s{0,20}(?:<|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_LABEL: Final = re.compile(
    r"^[ \t]*(?:final answer|original answer|existing answer|refined answer|new answer|answer|"
    r"context|new context|query|question|summary|回答|答案|上下文|资料)[ \t]*[:：][ \t]*",
    re.IGNORECASE,
)
_INSTRUCTION: Final = re.compile(
    r"^\W*(?:you are\b|you're an?\b|your (?:task|job|role|name)|act as|given the"
    r"|use (?:the|only|these)"
    r"|using (?:the|only)|answer\b|respond\b|reply\b|please\b|if (?:you|the (?:answer|context))"
    r"|do not\b|don't\b|never\b|always\b|avoid\b|some rules|try to\b|keep (?:the|your)"
    r"|be (?:concise|brief|helpful)|think step|context information|here (?:is|are)\b"
    r"|the following is"
    r"|based on the (?:context|above)|instruction|write a summary|summari[sz]e|only use|make sure"
    r"|\d+\. (?:never|avoid|always)|the assistant (?:is|does)|rewrite|when in doubt|return\b"
    r"|the original query is|we have (?:provided|the opportunity)"
    r"|请|你是|根据|使用以下|如果不知道|不要)",
    re.IGNORECASE,
)
_LONGEST: Final = 2000
_RULE: Final = re.compile(r"^\W*$|^[-=_*#~\s]{3,}$")
_NO_LETTER: Final = re.compile(r"^[^\w]*$")


def find_question(text: str) -> str:
    """Return the part of a prompt that is asked, the prompt itself when it is short.

    Looks for `Query: …` and its like, then for the last sentence that ends in a question mark,
    then takes the last line that is no instruction. A question of more than 2,000 characters is
    cut.
    """
    return _find_question(text)[:_LONGEST]


def _find_question(text: str) -> str:
    stripped = text.strip()
    for expression in (_LABELLED, _QUOTED_QUESTION, _HEADED):
        found = expression.findall(text)
        if found:
            return str(found[-1]).strip().strip("\"'").strip()
    if len(stripped) <= 300 and "\n" not in stripped:
        return stripped
    lines = sentences(stripped)
    asked = [line for line in lines if line.endswith(("?", "？"))]
    if asked:
        return asked[-1]
    plain = [line for line in lines if not _INSTRUCTION.match(line) and not _RULE.match(line)]
    return plain[-1] if plain else stripped[:300]


def find_passages(turns: Sequence[Turn], question: str) -> list[str]:
    """Return the sentences in all turns that are material, in order and each once.

    Instructions, rules and the question itself are left out, and so are earlier answers that
    only said that nothing was found.
    """
    found: dict[str, None] = {}
    for turn in turns:
        for sentence in sentences(turn.text):
            line = _LABEL.sub("", sentence).strip()
            if _is_material(line, question):
                found[line] = None
    return list(found)


def _is_material(line: str, question: str) -> bool:
    if len(line) < 3 or _NO_LETTER.match(line) or _RULE.match(line):
        return False
    if line.startswith((NOTHING, NOTHING_CJK)):
        return False
    if line == question or question in line or line.endswith(("?", "？")):
        return False
    return not _INSTRUCTION.match(line)
