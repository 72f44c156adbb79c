"""The results of a batch job, as the LLM's own calls would give them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Generic, Literal, TypeVar, cast, overload

from llama_index.core.base.llms.types import ChatResponse, CompletionResponse
from llama_index.core.bridge.pydantic import BaseModel

from llama_index_siliconflow._batch_form import BatchForm
from llama_index_siliconflow._connection import clients_of
from siliconflow_client import AsyncBatchJob, BatchJob, DualBatchJob, SiliconFlowError

Answer = TypeVar("Answer", bound=ChatResponse | CompletionResponse | BaseModel)


class BatchResults(DualBatchJob, Generic[Answer]):
    """A job that reads its answers in one form.

    Args:
        form: How answers are read.
        job: The client's job.
    """

    def __init__(self, form: BatchForm, job: BatchJob | AsyncBatchJob) -> None:
        super().__init__(job, *clients_of(form.llm), form.call.options)
        self._form = form

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
        with closing(self._job.iter_results()) as answers:
            for answer in answers:
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
