"""What is said once in a process, on the logger `siliconflow`."""

from __future__ import annotations

import functools
import logging

logger = logging.getLogger("siliconflow")


@functools.lru_cache(maxsize=256)
def warn_once(text: str) -> None:
    """Log a warning, unless this process has logged the same one before."""
    logger.warning("%s This is said once.", text)
