"""The simulator where there is no key: for examples, demonstrations and notebooks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from siliconflow_simulator._simulator import LocalSettings, Simulator

if TYPE_CHECKING:
    from siliconflow_simulator.answers.source import AnswerSource


def local_settings(answers: AnswerSource = None) -> LocalSettings:
    """Tell what to construct a model with so that it answers on this machine now.

    Args:
        answers: What the simulator answers, as in `Simulator(answers=…)`.

    Returns:
        Nothing when `SILICONFLOW_API_KEY` is set: the model then reads it and talks to the API.
        Otherwise a made-up key and two HTTP clients that a simulator in this process answers.
    """
    if os.environ.get("SILICONFLOW_API_KEY", "").strip():
        return {}
    return Simulator(answers=answers).settings()
