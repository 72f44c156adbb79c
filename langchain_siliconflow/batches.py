"""Batch inference: a chain's model is asked for many inputs at once, and answers within days.

It costs half as much with most models: the vendor's table of prices has no discount for
MiniMax-M2 and Qwen3-235B-A22B-Thinking-2507 (docs/wire.md#batches).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, Generic, Literal, TypeVar, cast, overload

from langchain_core.runnables import Runnable, RunnableConfig

from langchain_siliconflow._batch_answers import BatchRequests, ChainReader, Spool
from langchain_siliconflow._chain_split import split
from langchain_siliconflow._errors import langchain_errors
from langchain_siliconflow._settings import clients_of
from siliconflow_client import AsyncBatchJob as AsyncClientJob
from siliconflow_client import BatchJob as ClientJob
from siliconflow_client import DualBatchJob

Input = TypeVar("Input")
Output = TypeVar("Output")
Made = TypeVar("Made")
"""The outputs of a job that is about to be made."""

StatePath = str | os.PathLike[str]


class BatchJob(DualBatchJob, Generic[Output]):
    """Inputs of a chain whose model answers as a batch.

    The steps before the model run here when the job is submitted, the steps behind it when the
    results are asked for; the tools and schemas are converted once for all. Everything is kept in
    files: a process may be killed at any moment, and another one goes on with `resume`. Nothing is
    paid twice. Settings of a call that a batch has no place for (`fallback_models`,
    `long_answers`, the cache) are not used.

    Chains are sequences with one `ChatSiliconFlow`, alone or with tools or a schema bound to it.
    The model has to be one that the batch guide names (`siliconflow_client.BATCH_MODELS`).

    Another day, `BatchJob.resume(chain, "job.json").wait(on_progress=print).results()`.

    ```python
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_siliconflow import BatchJob, ChatSiliconFlow

    prompt = ChatPromptTemplate.from_template("A word for {thing}.")
    chain = prompt | ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3")
    job = BatchJob.submit(chain, [{"thing": "bread"}, {"thing": "snow"}], state="job.json")
    print(job.progress)
    job.close()
    ```
    """

    def __init__(
        self, made: BatchRequests, job: ClientJob | AsyncClientJob, config: RunnableConfig | None
    ) -> None:
        super().__init__(job, *clients_of(made.chain.chat), made.call.options)
        self._chain = made.chain
        self._config = config

    def _errors(self) -> langchain_errors:
        return langchain_errors()

    # --- making one --------------------------------------------------------------------------

    @classmethod
    def submit(
        cls,
        chain: Runnable[Input, Made],
        inputs: Iterable[Input],
        *,
        state: StatePath,
        completion_window: str = "24h",
        metadata: Mapping[str, str] | None = None,
        allow_unlisted: bool = False,
        output_urls: bool = True,
        config: RunnableConfig | None = None,
    ) -> BatchJob[Made]:
        """Make a request of each input, and create the batches that answer them.

        Nothing is sent before all inputs became requests and were checked.

        Args:
            chain: `ChatSiliconFlow`, or a sequence with one.
            inputs: Taken one by one, so memory does not grow with their number.
            state: A new file for what is known of the job; requests and results are written into
                a folder beside it, which only the user may read.
            completion_window: `24h` to `336h`.
            metadata: Notes of your own, sent with each batch.
            allow_unlisted: Whether models may be asked that the batch guide does not name.
            output_urls: Whether results that the server names by a URL are fetched from there.
            config: For the steps, as for `invoke`.

        Raises:
            ConfigurationError: The chain cannot be split at one model, or the batch API would
                refuse a request; the text names what. Or there is a job at `state` already.
            SiliconFlowError: An upload or a create failed; `resume` and `wait` go on.
            Exception: What a step raised; a note names the input.
        """
        with langchain_errors():
            made = BatchRequests.of(split(chain, config))
            client, _ = clients_of(made.chain.chat)
            job = client.batches.submit(
                made.each(inputs, config),
                state=state,
                completion_window=completion_window,
                metadata=metadata,
                shared=made.shared,
                extra_body=made.call.extra_body,
                allow_unlisted=allow_unlisted,
                output_urls=output_urls,
                options=made.call.options,
            )
        return BatchJob(made, job, config)

    @classmethod
    async def asubmit(
        cls,
        chain: Runnable[Input, Made],
        inputs: Iterable[Input],
        *,
        state: StatePath,
        completion_window: str = "24h",
        metadata: Mapping[str, str] | None = None,
        allow_unlisted: bool = False,
        output_urls: bool = True,
        config: RunnableConfig | None = None,
    ) -> BatchJob[Made]:
        """As `submit`, with the steps' asynchronous forms."""
        with langchain_errors(), Spool() as spool:
            made = BatchRequests.of(split(chain, config))
            async for request in made.aeach(inputs, config):
                spool.add(request)
            _, client = clients_of(made.chain.chat)
            job = await client.batches.submit(
                spool,
                state=state,
                completion_window=completion_window,
                metadata=metadata,
                shared=made.shared,
                extra_body=made.call.extra_body,
                allow_unlisted=allow_unlisted,
                output_urls=output_urls,
                options=made.call.options,
            )
        return BatchJob(made, job, config)

    @classmethod
    def resume(
        cls, chain: Runnable[Any, Made], state: StatePath, *, config: RunnableConfig | None = None
    ) -> BatchJob[Made]:
        """Go on with a job that was submitted before; asks nobody.

        Args:
            chain: As given to `submit`: its steps behind the model make the results.
            state: As given to `submit`.
            config: For these steps.

        Raises:
            ConfigurationError: There is no such job, it belongs to another site, or another
                process has it.
        """
        with langchain_errors():
            made = BatchRequests.of(split(chain, config))
            client, _ = clients_of(made.chain.chat)
            job = client.batches.resume(state, options=made.call.options)
        return BatchJob(made, job, config)

    @classmethod
    async def aresume(
        cls, chain: Runnable[Any, Made], state: StatePath, *, config: RunnableConfig | None = None
    ) -> BatchJob[Made]:
        """As `resume`."""
        return cls.resume(chain, state, config=config)

    # --- its results -------------------------------------------------------------------------

    @overload
    def results(self, *, return_exceptions: Literal[False] = False) -> list[Output]: ...

    @overload
    def results(self, *, return_exceptions: bool) -> list[Output | Exception]: ...

    def results(
        self, *, return_exceptions: bool = False
    ) -> list[Output] | list[Output | Exception]:
        """What `chain.batch(inputs, return_exceptions=…)` would give, in the inputs' order.

        The steps behind the model run anew at each call.

        Args:
            return_exceptions: Put the error of an input that failed in its place.

        Raises:
            ConfigurationError: The job is not done; `wait` for it.
            Exception: The first input's that failed, if `return_exceptions` is not set.
        """
        return list(self.iter_results(return_exceptions=return_exceptions))

    def iter_results(self, *, return_exceptions: bool = False) -> Iterator[Output | Exception]:
        """As `results`, one by one: memory does not grow with them."""
        reader = ChainReader(self._chain)
        with self._errors():
            answers = self._job.iter_results()
        with closing(answers):  # at once, also when a step raises
            for answer in answers:
                output = reader.read(answer, self._config, return_exceptions=return_exceptions)
                yield cast("Output | Exception", output)

    @overload
    async def aresults(self, *, return_exceptions: Literal[False] = False) -> list[Output]: ...

    @overload
    async def aresults(self, *, return_exceptions: bool) -> list[Output | Exception]: ...

    async def aresults(
        self, *, return_exceptions: bool = False
    ) -> list[Output] | list[Output | Exception]:
        """As `results`, with the steps' asynchronous forms."""
        found = self.aiter_results(return_exceptions=return_exceptions)
        return [output async for output in found]

    async def aiter_results(
        self, *, return_exceptions: bool = False
    ) -> AsyncIterator[Output | Exception]:
        """As `iter_results`, with the steps' asynchronous forms."""
        reader = ChainReader(self._chain)
        with self._errors():
            answers = self._job.iter_results()
        with closing(answers):
            for answer in answers:
                output = await reader.aread(
                    answer, self._config, return_exceptions=return_exceptions
                )
                yield cast("Output | Exception", output)
