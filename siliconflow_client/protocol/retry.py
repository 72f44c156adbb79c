"""What is retried, and after how long: a policy without clock or randomness of its own.

Retried are transport errors, 408, 409, 429, 5xx, and bodies that speak of rate limiting under
another status; an answer with nothing in it once. Waits are exponential with full jitter: up to
0.5 s, 1 s, 2 s … 8 s, and for rate limits up to 2 s, 4 s … 30 s, since token-per-minute limits
clear after tens of seconds (about 100 s were seen, fixture errors/429_50602_tpm.json).

A request that costs money each time is sent again only if the server cannot have seen it, or
has said a definite no: a 429. After a 500 or a 504 the job may be running.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from siliconflow_client.errors.response import LONGEST_RETRY_AFTER
from siliconflow_client.errors.tree import (
    APIConnectionError,
    APIStatusError,
    EmptyAnswerError,
    RateLimitError,
    SiliconFlowError,
)
from siliconflow_client.protocol.requests import Resend


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often to try again, and how long a whole call may take.

    Attributes:
        max_retries: Further attempts after the first; 0 for none.
        deadline: Seconds for the whole call, waits included; `None` for no limit.
    """

    max_retries: int = 3
    deadline: float | None = None

    def delay(
        self, error: SiliconFlowError, attempts: int, jitter: float, resend: Resend = "always"
    ) -> float | None:
        """Seconds to wait before trying again after `error`; `None` for not at all.

        Args:
            error: What the last attempt ended with.
            attempts: How many there were, at least 1.
            jitter: A number from 0 to 1, drawn anew for each wait.
            resend: What a lost answer means.
        """
        if isinstance(error, EmptyAnswerError):
            return 0.0 if attempts == 1 and self.max_retries > 0 else None
        if not error.is_retryable or attempts > self.max_retries or not _may_resend(error, resend):
            return None
        if isinstance(error, APIStatusError) and error.retry_after is not None:
            return error.retry_after if error.retry_after <= LONGEST_RETRY_AFTER else None
        first, most = (2.0, 30.0) if isinstance(error, RateLimitError) else (0.5, 8.0)
        return jitter * min(most, first * 2.0 ** min(attempts - 1, 16))


def _may_resend(error: SiliconFlowError, resend: Resend) -> bool:
    match resend:
        case "always":
            return True
        case "if_not_sent":
            if isinstance(error, APIConnectionError):
                return error.never_sent
            return isinstance(error, APIStatusError) and error.status_code == 429
        case _:
            assert_never(resend)
