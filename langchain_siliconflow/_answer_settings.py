"""What becomes of empty answers, of long ones, and of models that cannot answer."""

from __future__ import annotations

from langchain_siliconflow._settings import AnswerFields, ConnectionSettings
from siliconflow_client import EmptyAnswers, LongAnswers


class AnswerSettings(ConnectionSettings):
    """Settings of the classes that are answered with text."""

    empty_answers: EmptyAnswers | None = None
    """What becomes of an answer of nothing that came twice: `return` it (the default), so that
    agents and batches go on, or `raise` an `EmptyAnswerError`."""

    long_answers: LongAnswers | None = None
    """A long answer outlasts the gateway (504): `after_504` (the default) goes on as a stream that
    is joined inside, `stream` does so from the start, `never`."""

    fallback_models: list[str] | None = None
    """Models to go on with when one is overloaded, rate limited, disabled or retired;
    `fallback_from`, in a chat answer's `response_metadata` or a completion's `generation_info`,
    then names the one that was asked for."""

    mend_reasoning: bool | None = None
    """Whether a history that a model refuses, since the thinking of its tool turns is missing, is
    sent once more with thinking off, or with empty thinking; `None`: yes."""

    tool_markup: bool | None = None
    """Whether calls of offered tools that a model wrote as text become tool calls; `None`: yes."""

    def _answer_settings(self) -> AnswerFields:
        settings = AnswerFields(
            empty_answers=self.empty_answers,
            long_answers=self.long_answers,
            fallback_models=self.fallback_models,
        )
        if self.mend_reasoning is not None:
            settings["mend_reasoning"] = self.mend_reasoning
        if self.tool_markup is not None:
            settings["tool_markup"] = self.tool_markup
        return settings
