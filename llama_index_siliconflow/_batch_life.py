"""What a batch job does once it is submitted: its life, and its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, Self, TypeVar, cast, overload

from llama_index.core.base.llms.types import ChatResponse, CompletionResponse
from llama_index.core.bridge.pydantic import BaseModel

from llama_index_siliconflow._connection import clients_of
from siliconflow_client import AsyncBatchJob, BatchJob, BatchProgress, SiliconFlowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llama_index_siliconflow._batch_form import BatchForm

Answer = TypeVar("Answer", bound=ChatResponse | CompletionResponse | BaseModel)


class JobLife(Generic[Answer]):
    """A job that can be worked on in sync and in async code.

    Args:
        form: How answers are read.
        job: The client's job.
    """

    def __init__(self, form: BatchForm, job: BatchJob | AsyncBatchJob) -> None:
        self._form = form
        self._job = job

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r}: {self.progress})"

    @property
    def path(self) -> str:
        """Where the state is kept; `resume` takes it."""
        return self._job.path

    @property
    def batch_ids(self) -> list[str]:
        """The ids of its batches."""
        return self._job.batch_ids

    @property
    def progress(self) -> BatchProgress:
        """How far it is, as last seen; asks nobody."""
        return self._job.progress

    @property
    def is_done(self) -> bool:
        """Whether all results are here."""
        return self._job.is_done

    def close(self) -> None:
        """Let other processes use the job; `wait` and the others take it again."""
        self._job.close()

    def _sync(self) -> BatchJob:
        if not isinstance(self._job, BatchJob):
            self._job = clients_of(self._form.llm)[0].batches.resume(
                self.path, options=self._form.call.options
            )
        return self._job

    def _async(self) -> AsyncBatchJob:
        if not isinstance(self._job, AsyncBatchJob):
            self._job = clients_of(self._form.llm)[1].batches.resume(
                self.path, options=self._form.call.options
            )
        return self._job

    def wait(
        self,
        *,
        poll: float = 60.0,
        deadline: float | None = None,
        on_progress: Callable[[BatchProgress], object] | None = None,
    ) -> Self:
        """Wait until all batches have ended, and fetch their results.

        Args:
            poll: Seconds between the rounds of looks.
            deadline: Seconds after which to give up; the batches go on.
            on_progress: Told how far it is after each round; `print` will do.

        Raises:
            APITimeoutError: The deadline has passed.
            SiliconFlowError: A look failed for good; wait again.
        """
        self._sync().wait(on_progress=on_progress, poll=poll, deadline=deadline)
        return self

    async def await_(
        self,
        *,
        poll: float = 60.0,
        deadline: float | None = None,
        on_progress: Callable[[BatchProgress], object] | None = None,
    ) -> Self:
        """As `wait`."""
        await self._async().wait(on_progress=on_progress, poll=poll, deadline=deadline)
        return self

    def resubmit_failed(self, *, completion_window: str | None = None) -> Self:
        """Send the requests that have no answer once more; then `wait` again.

        An answer that holds no such object is an answer: it is not sent again.
        """
        self._sync().resubmit_failed(completion_window=completion_window)
        return self

    async def aresubmit_failed(self, *, completion_window: str | None = None) -> Self:
        """As `resubmit_failed`."""
        await self._async().resubmit_failed(completion_window=completion_window)
        return self

    def cancel(self) -> Self:
        """Ask for all batches to end; what is answered by then is paid, and can be waited for."""
        self._sync().cancel()
        return self

    async def acancel(self) -> Self:
        """As `cancel`."""
        await self._async().cancel()
        return self

    @overload
    def results(self, *, return_exceptions: Literal[False] = False) -> list[Answer]: ...

    @overload
    def results(self, *, return_exceptions: bool) -> list[Answer | SiliconFlowError]: ...

    def results(
        self, *, return_exceptions: bool = False
    ) -> list[Answer] | list[Answer | SiliconFlowError]:
        """What the LLM would have answered, in the inputs' order.

        Args:
            return_exceptions: Put the error of an input that failed in its place.

        Raises:
            ConfigurationError: The job is not done; `wait` for it.
            SiliconFlowError: The first input's that failed, if `return_exceptions` is not set.
        """
        found = list(self.iter_results())
        if return_exceptions:
            return found
        for result in found:
            if isinstance(result, SiliconFlowError):
                raise result
        return cast("list[Answer]", found)

    def iter_results(self) -> Iterator[Answer | SiliconFlowError]:
        """As `results(return_exceptions=True)`, one by one: memory does not grow with them."""
        label = self._job.label
        for answer in self._job.iter_results():
            if isinstance(answer, SiliconFlowError):
                yield answer
                continue
            try:
                read = self._form.read(answer, label)
            except SiliconFlowError as error:
                yield error
            else:
                yield cast("Answer", read)

    @overload
    async def aresults(self, *, return_exceptions: Literal[False] = False) -> list[Answer]: ...

    @overload
    async def aresults(self, *, return_exceptions: bool) -> list[Answer | SiliconFlowError]: ...

    async def aresults(
        self, *, return_exceptions: bool = False
    ) -> list[Answer] | list[Answer | SiliconFlowError]:
        """As `results`."""
        return self.results(return_exceptions=return_exceptions)
