"""Thinking aloud: a short text about the question, the same for the same question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siliconflow_simulator.answers.tokens import split_tokens
from siliconflow_simulator.answers.words import is_cjk

if TYPE_CHECKING:
    from collections.abc import Sequence


def reason(question: str, calls: Sequence[str], budget: int | None) -> str:
    """Write the reasoning that goes before an answer.

    Args:
        question: What is asked.
        calls: Names of the tools that are about to be called.
        budget: `thinking_budget`: most tokens of the text, or `None`.
    """
    short = " ".join(question.split())
    short = short if len(short) <= 160 else f"{short[:160]}…"
    if is_cjk(question):
        text = f"用户问：“{short}”。"
        text += (
            f"我需要调用工具 {'、'.join(calls)}。" if calls else "我先看看上下文里有什么，再回答。"
        )
    else:
        text = f"The user asks: “{short}”. "
        if calls:
            text += f"I need to call {', '.join(calls)}."
        else:
            text += "Let me look for what the conversation says about it, then answer."
    return text if budget is None else "".join(split_tokens(text)[:budget])
