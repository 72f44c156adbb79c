"""How the requests of a batch are made of chats or texts, and its answers read. Pure.

The parts that are alike in all requests (tools, schema, settings) are put together once, by the
same steps as for a single call.
"""

# pyright: reportPrivateUsage=false
# ruff: noqa: SLF001
# These steps are the LLM's own, and no names for its users.

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from llama_index.core.base.llms.generic_utils import chat_response_to_completion_response
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    MessageRole,
)
from llama_index.core.bridge.pydantic import BaseModel

from llama_index_siliconflow._messages import wire_messages
from llama_index_siliconflow._responses import chat_response
from llama_index_siliconflow.llm import SiliconFlow
from siliconflow_client import ChatCompletion, ConfigurationError

if TYPE_CHECKING:
    from llama_index.core.tools.types import BaseTool

    from llama_index_siliconflow._fields import Call
    from llama_index_siliconflow._prediction import Prediction

Asked: TypeAlias = str | Sequence[ChatMessage]
"""A text, as for `complete`, or a conversation, as for `chat`."""
Label: TypeAlias = Literal["texts", "chats"]
Answered: TypeAlias = ChatResponse | CompletionResponse | BaseModel

TEXTS: Final = "texts"


@dataclass(frozen=True, slots=True)
class BatchForm:
    """What the requests of one job have in common.

    Attributes:
        llm: Whom they ask.
        call: Their call, without a conversation.
        before: Messages that stand before each conversation.
        prediction: Reads an object from a response, or `None`.
        keeps_texts: Whether a text is answered as `complete` does.
    """

    llm: SiliconFlow
    call: Call
    before: Sequence[ChatMessage]
    prediction: Prediction[BaseModel] | None
    keeps_texts: bool

    @property
    def shared(self) -> Mapping[str, object]:
        """Fields that all requests have."""
        return {name: value for name, value in self.call.request.items() if name != "messages"}

    def requests(self, inputs: Iterable[Asked]) -> Iterator[Mapping[str, object]]:
        """Make a request of each input.

        Raises:
            ConfigurationError: An input has no form on the wire, or is of another kind than the
                first.
        """
        texts: bool | None = None
        for place, given in enumerate(inputs):
            is_text = isinstance(given, str)
            if texts is not None and is_text is not texts:
                raise ConfigurationError(
                    f"inputs[{place}] is a {TEXTS[:-1] if is_text else 'chat'}, the first input is "
                    "not: a job has either texts or chats.",
                    argument=f"inputs[{place}]",
                )
            texts = is_text
            try:
                messages = wire_messages(
                    self._messages(given),
                    model=self.call.request["model"],
                    replay=self.llm.reasoning_replay,
                )
            except ConfigurationError as error:
                error.add_note(f"inputs[{place}] became no request. Nothing was sent.")
                raise
            yield {"messages": messages}

    def _messages(self, given: Asked) -> Sequence[ChatMessage]:
        messages: list[ChatMessage]
        if isinstance(given, str):
            messages = [ChatMessage(role=MessageRole.USER, content=given)]
        else:
            messages = list(given)
        if not all(isinstance(cast("object", one), ChatMessage) for one in messages):
            raise ConfigurationError(
                "an input must be a text or a list of ChatMessage", argument="inputs"
            )
        if self.prediction is not None:
            messages = self.llm._extend_messages(messages)
        return [*self.before, *messages]

    def read(self, completion: ChatCompletion, label: str) -> Answered:
        """Read an answer as the LLM's own methods do.

        Raises:
            SiliconFlowError: It is not what was asked for.
        """
        response = chat_response(completion, self.call.shape)
        if self.prediction is not None:
            return self.prediction.result(response)
        if label == TEXTS and self.keeps_texts:
            return chat_response_to_completion_response(response)
        return response


def form_of(
    llm: SiliconFlow,
    output_cls: type[BaseModel] | None,
    tools: Sequence[BaseTool] | None,
    kwargs: Mapping[str, Any],
) -> BatchForm:
    """Put together what all requests of a job share.

    Raises:
        ConfigurationError: It is no `SiliconFlow`, or a batch cannot do what is asked.
    """
    if not isinstance(cast("object", llm), SiliconFlow):
        raise ConfigurationError(
            f"A batch asks SiliconFlow, not {type(llm).__name__}.", argument="llm"
        )
    prediction: Prediction[BaseModel] | None = None
    given: dict[str, Any] = {"messages": [], **kwargs}
    if output_cls is not None:
        if tools is not None:
            raise ConfigurationError(
                "output_cls and tools exclude each other: an object is asked for by a tool of its "
                "own.",
                argument="tools",
            )
        if not llm._predicts_itself():
            raise ConfigurationError(
                f"pydantic_program_mode {llm.pydantic_program_mode.value!r} asks by a program of "
                "LlamaIndex's, which a batch cannot run.",
                argument="output_cls",
                hint="should_use_structured_outputs=True works with models without tools.",
            )
        prediction = llm._prediction_from(output_cls, [], dict(kwargs))
        given = dict(prediction.chat_kwargs)
    elif tools is not None:
        given = llm._prepare_chat_with_tools(tools, chat_history=[], **kwargs)
    before: list[ChatMessage] = given.pop("messages")
    return BatchForm(
        llm=llm,
        call=llm._call([], given, stream=False),
        before=before,
        prediction=prediction,
        keeps_texts=tools is None,
    )


def label_of(first: Asked | None) -> Label:
    """Tell what a job's inputs are by the first one."""
    return "texts" if isinstance(first, str) else "chats"
