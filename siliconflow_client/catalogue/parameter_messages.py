"""The rows of the parameter table for `POST /messages`, whose ranges are its own."""

from __future__ import annotations

from typing import Final

from siliconflow_client.catalogue.parameter import Endpoint, Kind, Parameter


def _row(
    name: str,
    kind: Kind,
    description: str,
    *,
    least: float | None = None,
    most: float | None = None,
    positive: bool = False,
    required: bool = False,
) -> Parameter:
    endpoints: tuple[Endpoint, ...] = ("messages",)
    return Parameter(
        name=name,
        kind=kind,
        endpoints=endpoints,
        description=description,
        least=least,
        most=most,
        positive=positive,
        required=required,
        source="docs/wire.md#messages",
    )


MESSAGES_PARAMETERS: Final[tuple[Parameter, ...]] = (
    _row("model", "string", "Id of the model.", required=True),
    _row("messages", "structure", "The conversation.", required=True),
    _row("max_tokens", "integer", "Longest answer, in tokens.", positive=True),
    _row("system", "structure", "What the model is told beforehand: text, or blocks of it."),
    _row("stop_sequences", "strings", "Texts that end the answer."),
    _row("temperature", "number", "0 to 2; higher is more varied.", least=0, most=2),
    _row("top_p", "number", "Share of the likeliest tokens to choose from.", least=0.1, most=1),
    _row("top_k", "integer", "Number of the likeliest tokens to choose from.", least=0, most=50),
    _row("tools", "structure", "Functions that the model may call."),
    _row("tool_choice", "structure", "Whether it has to call one, and which."),
    _row("thinking", "structure", "Whether the model thinks first, and for how long."),
)
