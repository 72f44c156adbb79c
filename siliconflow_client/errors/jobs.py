"""Failures of jobs: what was taken on, and came to nothing or not to everything."""

from __future__ import annotations

from siliconflow_client.errors.tree import SiliconFlowError


class BatchExpiredError(SiliconFlowError):
    """A batch expired, or was cancelled, before it came to this request; nothing was billed for it.

    Attributes:
        batch_id: The batch.
        code: `batch_expired` or `batch_cancelled`.
    """

    is_retryable = True

    def __init__(
        self,
        message: str,
        *,
        batch_id: str = "",
        code: str = "batch_expired",
        host: str | None = None,
        model: str | None = None,
    ) -> None:
        hint = "send what was left again with resubmit_failed(), or in a longer completion_window."
        super().__init__(message, hint=hint, host=host, model=model)
        self.batch_id = batch_id
        self.code = code


class JobFailedError(SiliconFlowError):
    """A job was taken on, and came to nothing: a film that could not be made.

    Attributes:
        job: The job's id.
        reason: The server's words for why, "" when it gave none.
    """

    def __init__(
        self,
        message: str,
        *,
        job: str = "",
        reason: str = "",
        hint: str | None = None,
        host: str | None = None,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, host=host, trace_id=trace_id)
        self.job = job
        self.reason = reason
