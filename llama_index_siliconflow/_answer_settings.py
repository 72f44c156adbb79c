"""What becomes of empty answers, of long ones, and of models that cannot answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from llama_index.core.bridge.pydantic import Field

from llama_index_siliconflow._connection import Connection
from siliconflow_client import EmptyAnswers, LongAnswers  # pydantic reads them

if TYPE_CHECKING:
    from siliconflow_client import CallOptions

_NAMES: Final = ("empty_answers", "long_answers", "fallback_models", "tool_markup")


class AnswerSettings(Connection):
    """Settings of all calls that are answered with text; a call's keyword wins over its field."""

    empty_answers: EmptyAnswers | None = Field(
        default=None,
        description="What becomes of an answer of nothing that came twice: `return` it (the "
        "default), so that agents and batches go on, or `raise` an EmptyAnswerError.",
    )
    long_answers: LongAnswers | None = Field(
        default=None,
        description="A long answer outlasts the gateway (504): `after_504` (the default) goes on "
        "as a stream that is joined inside, `stream` does so from the start, `never`.",
    )
    fallback_models: list[str] | None = Field(
        default=None,
        description="Models to go on with when one is overloaded, rate limited, disabled or "
        "retired; `raw['fallback_from']` then names the one that was asked for.",
    )

    tool_markup: bool | None = Field(
        default=None,
        description="Whether calls of offered tools that a model wrote as text become tool calls. "
        "Default: yes.",
    )
    mend_reasoning: bool = Field(
        default=True,
        description="Whether a history that a model refuses, since the thinking of its tool turns "
        "is missing, is sent once more with thinking off, or with empty thinking.",
    )

    client_fields: ClassVar[tuple[str, ...]] = (
        *Connection.client_fields,
        "mend_reasoning",
    )

    def _options_of(self, keywords: dict[str, Any]) -> CallOptions:
        given = {name: keywords.pop(name, None) for name in _NAMES}
        chosen = {
            name: getattr(self, name) if value is None else value for name, value in given.items()
        }
        return replace(super()._options_of(keywords), **chosen)
