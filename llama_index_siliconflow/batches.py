"""Batch inference: an LLM is asked many things at once, and answers within days.

It costs half as much with most models: the vendor's table of prices has no discount for
MiniMax-M2 and Qwen3-235B-A22B-Thinking-2507 (docs/wire.md#batches).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.tools.types import BaseTool

from llama_index_siliconflow._batch_form import Asked, form_of, label_of
from llama_index_siliconflow._batch_results import BatchResults
from llama_index_siliconflow._connection import clients_of
from llama_index_siliconflow.llm import SiliconFlow

Answer = TypeVar("Answer", bound=ChatResponse | CompletionResponse | BaseModel)
Model = TypeVar("Model", bound=BaseModel)

StatePath = str | os.PathLike[str]


class BatchJob(BatchResults[Answer]):
    """Texts or chats that an LLM answers as a batch.

    Everything is kept in files: a process may be killed at any moment, and another one goes on
    with `resume`. Nothing is paid twice. Tools and schemas are converted once for all requests.
    Settings of a call that a batch has no place for (`fallback_models`, `long_answers`) are not
    used, and no events are sent. The model has to be one that the batch guide names
    (`siliconflow_client.BATCH_MODELS`).

    Another day, `BatchJob.resume(llm, "job.json").wait(on_progress=print).results()`.

    ```python
    from llama_index_siliconflow import BatchJob, SiliconFlow

    llm = SiliconFlow(model="deepseek-ai/DeepSeek-V3")
    job = BatchJob.submit(llm, ["A word for bread.", "A word for snow."], state="job.json")
    print(job.progress)
    job.close()
    ```
    """

    @overload
    @classmethod
    def submit(
        cls,
        llm: SiliconFlow,
        inputs: Iterable[Asked],
        *,
        state: StatePath,
        output_cls: type[Model],
        **kwargs: Any,
    ) -> BatchJob[Model]: ...

    @overload
    @classmethod
    def submit(
        cls,
        llm: SiliconFlow,
        inputs: Iterable[str],
        *,
        state: StatePath,
        output_cls: None = None,
        tools: None = None,
        **kwargs: Any,
    ) -> BatchJob[CompletionResponse]: ...

    @overload
    @classmethod
    def submit(
        cls,
        llm: SiliconFlow,
        inputs: Iterable[Sequence[ChatMessage]],
        *,
        state: StatePath,
        output_cls: None = None,
        tools: None = None,
        **kwargs: Any,
    ) -> BatchJob[ChatResponse]: ...

    @overload
    @classmethod
    def submit(
        cls,
        llm: SiliconFlow,
        inputs: Iterable[Asked],
        *,
        state: StatePath,
        output_cls: None = None,
        tools: Sequence[BaseTool],
        **kwargs: Any,
    ) -> BatchJob[ChatResponse]: ...

    @classmethod
    def submit(
        cls,
        llm: SiliconFlow,
        inputs: Iterable[Asked],
        *,
        state: StatePath,
        output_cls: type[BaseModel] | None = None,
        tools: Sequence[BaseTool] | None = None,
        completion_window: str = "24h",
        metadata: Mapping[str, str] | None = None,
        allow_unlisted: bool = False,
        output_urls: bool = True,
        **kwargs: Any,
    ) -> BatchJob[Any]:
        """Make a request of each input, and create the batches that answer them.

        Nothing is sent before all inputs became requests and were checked.

        Args:
            llm: Whom to ask.
            inputs: Texts, answered as by `complete`, or chats, answered as by `chat`. Taken one by
                one, so memory does not grow with their number.
            state: A new file for what is known of the job; requests and results are written into
                a folder beside it, which only the user may read.
            output_cls: Answers are objects of this class, as by `structured_predict`.
            tools: Offered as by `chat_with_tools`; texts and chats are answered alike.
            completion_window: `24h` to `336h`.
            metadata: Notes of your own, sent with each batch.
            allow_unlisted: Whether models may be asked that the batch guide does not name.
            output_urls: Whether results that the server names by a URL are fetched from there.
            kwargs: Keywords of the call, such as `temperature` or `tool_required`.

        Raises:
            ConfigurationError: A batch cannot do this, or the batch API would refuse a request;
                the text names what. Or there is a job at `state` already.
            SiliconFlowError: An upload or a create failed; `resume` and `wait` go on.
        """
        form = form_of(llm, output_cls, tools, kwargs)
        asked = _Inputs(inputs)
        job = clients_of(llm)[0].batches.submit(
            form.requests(asked),
            state=state,
            completion_window=completion_window,
            metadata=metadata,
            shared=form.shared,
            extra_body=form.call.extra_body,
            allow_unlisted=allow_unlisted,
            output_urls=output_urls,
            label=asked.label,
            options=form.call.options,
        )
        return BatchJob(form, job)

    @overload
    @classmethod
    async def asubmit(
        cls,
        llm: SiliconFlow,
        inputs: Iterable[Asked],
        *,
        state: StatePath,
        output_cls: type[Model],
        **kwargs: Any,
    ) -> BatchJob[Model]: ...

    @overload
    @classmethod
    async def asubmit(
        cls,
        llm: SiliconFlow,
        inputs: Iterable[str],
        *,
        state: StatePath,
        output_cls: None = None,
        tools: None = None,
        **kwargs: Any,
    ) -> BatchJob[CompletionResponse]: ...

    @overload
    @classmethod
    async def asubmit(
        cls,
        llm: SiliconFlow,
        inputs: Iterable[Sequence[ChatMessage]],
        *,
        state: StatePath,
        output_cls: None = None,
        tools: None = None,
        **kwargs: Any,
    ) -> BatchJob[ChatResponse]: ...

    @overload
    @classmethod
    async def asubmit(
        cls,
        llm: SiliconFlow,
        inputs: Iterable[Asked],
        *,
        state: StatePath,
        output_cls: None = None,
        tools: Sequence[BaseTool],
        **kwargs: Any,
    ) -> BatchJob[ChatResponse]: ...

    @classmethod
    async def asubmit(
        cls,
        llm: SiliconFlow,
        inputs: Iterable[Asked],
        *,
        state: StatePath,
        output_cls: type[BaseModel] | None = None,
        tools: Sequence[BaseTool] | None = None,
        completion_window: str = "24h",
        metadata: Mapping[str, str] | None = None,
        allow_unlisted: bool = False,
        output_urls: bool = True,
        **kwargs: Any,
    ) -> BatchJob[Any]:
        """As `submit`."""
        form = form_of(llm, output_cls, tools, kwargs)
        asked = _Inputs(inputs)
        job = await clients_of(llm)[1].batches.submit(
            form.requests(asked),
            state=state,
            completion_window=completion_window,
            metadata=metadata,
            shared=form.shared,
            extra_body=form.call.extra_body,
            allow_unlisted=allow_unlisted,
            output_urls=output_urls,
            label=asked.label,
            options=form.call.options,
        )
        return BatchJob(form, job)

    @overload
    @classmethod
    def resume(
        cls, llm: SiliconFlow, state: StatePath, *, output_cls: type[Model], **kwargs: Any
    ) -> BatchJob[Model]: ...

    @overload
    @classmethod
    def resume(
        cls, llm: SiliconFlow, state: StatePath, *, tools: Sequence[BaseTool], **kwargs: Any
    ) -> BatchJob[ChatResponse]: ...

    @overload
    @classmethod
    def resume(
        cls, llm: SiliconFlow, state: StatePath, *, output_cls: None = None, **kwargs: Any
    ) -> BatchJob[ChatResponse | CompletionResponse]: ...

    @classmethod
    def resume(
        cls,
        llm: SiliconFlow,
        state: StatePath,
        *,
        output_cls: type[BaseModel] | None = None,
        tools: Sequence[BaseTool] | None = None,
        **kwargs: Any,
    ) -> BatchJob[Any]:
        """Go on with a job that was submitted before; asks nobody.

        Args:
            llm: As given to `submit`, and so the others: they say how answers are read.
            state: As given to `submit`.
            output_cls: As given to `submit`.
            tools: As given to `submit`.
            kwargs: As given to `submit`.

        Raises:
            ConfigurationError: There is no such job, it belongs to another site, or another
                process has it.
        """
        form = form_of(llm, output_cls, tools, kwargs)
        return BatchJob(form, clients_of(llm)[0].batches.resume(state, options=form.call.options))

    @overload
    @classmethod
    async def aresume(
        cls, llm: SiliconFlow, state: StatePath, *, output_cls: type[Model], **kwargs: Any
    ) -> BatchJob[Model]: ...

    @overload
    @classmethod
    async def aresume(
        cls, llm: SiliconFlow, state: StatePath, *, tools: Sequence[BaseTool], **kwargs: Any
    ) -> BatchJob[ChatResponse]: ...

    @overload
    @classmethod
    async def aresume(
        cls, llm: SiliconFlow, state: StatePath, *, output_cls: None = None, **kwargs: Any
    ) -> BatchJob[ChatResponse | CompletionResponse]: ...

    @classmethod
    async def aresume(
        cls,
        llm: SiliconFlow,
        state: StatePath,
        *,
        output_cls: type[BaseModel] | None = None,
        tools: Sequence[BaseTool] | None = None,
        **kwargs: Any,
    ) -> BatchJob[Any]:
        """As `resume`."""
        form = form_of(llm, output_cls, tools, kwargs)
        return BatchJob(form, clients_of(llm)[1].batches.resume(state, options=form.call.options))


class _Inputs:
    """Inputs, of which the first is looked at before the others are taken."""

    def __init__(self, inputs: Iterable[Asked]) -> None:
        rest = iter(inputs)
        first = next(rest, None)
        self.label = label_of(first)
        self._all = rest if first is None else itertools.chain([first], rest)

    def __iter__(self) -> Iterator[Asked]:
        return self._all
