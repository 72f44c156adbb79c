"""Requests of a batch from a chain's inputs, and the chain's outputs from the batch's answers."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias, Unpack, cast

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.messages.utils import MessageLikeRepresentation, convert_to_messages
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableConfig
from pydantic_core import from_json, to_json

from langchain_siliconflow._chain_split import SplitChain, Step
from langchain_siliconflow._messages import to_wire
from langchain_siliconflow._request import ChatCall, build_call
from langchain_siliconflow._settings import asking, clients_of
from siliconflow_client import (
    AsyncSiliconFlowClient,
    CallOptions,
    ChatCompletion,
    ChatRequest,
    ConfigurationError,
    JsonValue,
    Message,
    SiliconFlowClient,
    SiliconFlowError,
)

Answer: TypeAlias = ChatCompletion | SiliconFlowError


@dataclass(frozen=True, slots=True)
class BatchRequests:
    """What the requests of one chain have in common, put together once.

    Attributes:
        chain: The chain.
        call: Its call, without a conversation.
    """

    chain: SplitChain
    call: ChatCall

    @classmethod
    def of(cls, chain: SplitChain) -> BatchRequests:
        """Convert tools and schemas, which is what takes long."""
        return cls(chain, build_call(chain.chat.__dict__, [], None, chain.kwargs))

    @property
    def shared(self) -> Mapping[str, object]:
        """Fields that all requests have."""
        return {name: value for name, value in self.call.request.items() if name != "messages"}

    def each(
        self, inputs: Iterable[object], config: RunnableConfig | None
    ) -> Iterator[Mapping[str, object]]:
        """Run the steps before the model, one input after the other."""
        for place, given in enumerate(inputs):
            with _NamingInput(place):
                value = given
                for step in self.chain.before:
                    value = step.invoke(value, config)
                request = self._request(value)
            yield request

    async def aeach(
        self, inputs: Iterable[object], config: RunnableConfig | None
    ) -> AsyncIterator[Mapping[str, object]]:
        """Run the steps' asynchronous forms."""
        for place, given in enumerate(inputs):
            with _NamingInput(place):
                value = given
                for step in self.chain.before:
                    value = await step.ainvoke(value, config)
                request = self._request(value)
            yield request

    def _request(self, value: object) -> Mapping[str, object]:
        messages = _as_messages(value)
        return {"messages": self._wire(messages)}

    def _wire(self, messages: Sequence[BaseMessage]) -> list[Message]:
        return to_wire(messages, replay=self.call.replay, model=self.call.request["model"])


class Spool:
    """Requests on their way from asynchronous steps to the job, on disk and not in memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by __exit__

    def add(self, request: Mapping[str, object]) -> None:
        """Take the next request."""
        self._file.write(to_json(request) + b"\n")

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        self._file.seek(0)
        for line in self._file:
            yield cast("Mapping[str, object]", from_json(line))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()


def _as_messages(value: object) -> list[BaseMessage]:
    """What a chat model makes of its input.

    Raises:
        ConfigurationError: It is nothing that a chat model takes.
    """
    if isinstance(value, PromptValue):
        return value.to_messages()
    if isinstance(value, str):
        return [HumanMessage(value)]
    if isinstance(value, Sequence):
        return convert_to_messages(cast("Sequence[MessageLikeRepresentation]", value))
    raise ConfigurationError(
        f"a chat model takes text, messages or a prompt's value, not {type(value).__name__}",
        argument="inputs",
    )


class _NamingInput:
    """Says which input an error came of: a step's own errors pass as they are."""

    __slots__ = ("_place",)

    def __init__(self, place: int) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception):
            error.add_note(f"inputs[{self._place}] became no request. Nothing was sent.")


class _Given(SiliconFlowClient):
    """A client that gives an answer that has come already."""

    answer: Answer | None = None

    def chat(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[ChatRequest],
    ) -> ChatCompletion:
        """Give the answer, or raise the error that came in its place."""
        assert self.answer is not None
        if isinstance(self.answer, SiliconFlowError):
            raise self.answer
        return self.answer


class _AsyncGiven(AsyncSiliconFlowClient):
    """The asynchronous twin of `_Given`."""

    given: _Given

    async def chat(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[ChatRequest],
    ) -> ChatCompletion:
        """Give the answer, or raise the error that came in its place."""
        return self.given.chat(**request)


class ChainReader:
    """Turns answers into what the chain gives, by LangChain's own steps.

    The model is asked as ever, by LangChain, so that messages, callbacks and errors are those of
    `chain.batch`; only where it would ask the API, the answer is there.
    """

    def __init__(self, chain: SplitChain) -> None:
        config = clients_of(chain.chat)[0].config
        self._given, given = _Given(config), _AsyncGiven(config)
        given.given = self._given
        chat = asking(
            chain.chat,
            self._given,
            given,
            # Nothing is streamed, waited for, or looked up by an input that is not there.
            {"cache": False, "rate_limiter": None, "disable_streaming": True},
        )
        self._rest: Step = chain.reading(chat)

    def read(
        self, answer: Answer, config: RunnableConfig | None, *, return_exceptions: bool
    ) -> object:
        """Give the chain's output for one answer, or what went wrong."""
        self._given.answer = answer
        [output] = self._rest.batch([[]], config, return_exceptions=return_exceptions)
        return output

    async def aread(
        self, answer: Answer, config: RunnableConfig | None, *, return_exceptions: bool
    ) -> object:
        """As `read`, with the steps' asynchronous forms."""
        self._given.answer = answer
        [output] = await self._rest.abatch([[]], config, return_exceptions=return_exceptions)
        return output
