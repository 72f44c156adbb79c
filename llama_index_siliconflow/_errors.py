"""What this adapter raises beside the client's errors, and pydantic's errors put into them.

pydantic prints the values that it refuses, which may be a key or the text of an answer; the errors
made here name what is wrong and never show it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_client import APIResponseError, ConfigurationError

if TYPE_CHECKING:
    from llama_index.core.bridge.pydantic import BaseModel, ValidationError

_LONGEST: Final = 200
"""Characters of one complaint: names of fields may come from an answer."""
_MOST: Final = 8


class UnexpectedAnswerError(APIResponseError, ValueError):
    """The answer is not what was asked for: no tool call, no object, an object that does not fit.

    It is also a `ValueError`, which LlamaIndex's programs, extractors and synthesizers handle.
    """


class TruncatedAnswerError(UnexpectedAnswerError):
    """An object that was asked for, or a tool call, ends in the middle."""


def truncated(what: str, finish_reason: str | None, trace_id: str | None) -> TruncatedAnswerError:
    """Say that an answer ends in the middle, and what helps."""
    at_limit = finish_reason == "length"
    return TruncatedAnswerError(
        f"the answer for {what} ends in the middle (finish_reason {finish_reason!r})",
        trace_id=trace_id,
        hint="raise max_tokens, or leave more of it by switching thinking off"
        if at_limit
        else None,
    )


def misfit(
    output_cls: type[BaseModel], error: ValidationError, trace_id: str | None
) -> UnexpectedAnswerError:
    """Say which fields of an answered object do not fit its class."""
    return UnexpectedAnswerError(
        f"the answer does not fit {output_cls.__name__}: {_complaints(error)}", trace_id=trace_id
    )


def wrong_settings(owner: type[BaseModel], error: ValidationError) -> ConfigurationError:
    """Say which settings of a component are wrong."""
    places = [str(detail["loc"][0]) for detail in error.errors() if detail["loc"]]
    return ConfigurationError(
        f"{owner.__name__} cannot be made: {_complaints(error, owner)}",
        argument=places[0] if places else None,
    )


def _complaints(error: ValidationError, owner: type[BaseModel] | None = None) -> str:
    """Join the complaints without the values, and of settings without keys of their dicts."""
    found: list[str] = []
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(part) for part in detail["loc"][: 1 if owner else None])
        # A validator's own words may quote the value.
        own_words = detail["type"] in ("value_error", "assertion_error")
        words = "is not valid" if own_words else detail["msg"]
        found.append(f"{place}: {words}"[:_LONGEST])
    return "; ".join(found[:_MOST])
