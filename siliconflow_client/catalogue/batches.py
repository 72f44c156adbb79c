"""What the vendor says of batches (docs/wire.md#batches)."""

from __future__ import annotations

from typing import Final

BATCH_MODELS: Final = (
    "MiniMaxAI/MiniMax-M2",
    "Qwen/QwQ-32B",
    "Qwen/Qwen3-235B-A22B-Thinking-2507",
    "deepseek-ai/DeepSeek-R1",
    "deepseek-ai/DeepSeek-V3",
    "deepseek-ai/DeepSeek-V3.1-Terminus",
    "moonshotai/Kimi-K2-Instruct-0905",
)
"""The models that the batch guide names."""

MAX_BATCH_LINES: Final = 5000
"""Requests in one batch."""

MAX_BATCH_BYTES: Final = 1_000_000_000
"""Size of a batch's file; the guide says 1 G, of which the smaller reading is taken."""
