"""What batch jobs have to know of their client: where it asks, and how it reads answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from siliconflow_client.endpoints.batch_lines import Reading
from siliconflow_client.protocol.options import CallOptions, EmptyAnswers, checked_options

_FOR_EVER = 1e9
"""Stands for "no deadline" where the client has one for its calls: a job is no call."""


@dataclass(frozen=True, slots=True)
class JobSite:
    """What jobs have to know of the client.

    Attributes:
        host: The site.
        options: For the requests of a job.
        reading: How answers are read.
    """

    host: str
    options: CallOptions | None
    reading: Reading

    @classmethod
    def of(cls, host: str, config: ClientSettings) -> JobSite:
        """From a client's settings."""
        # A client's deadline bounds one call, which a job is not.
        bounded = config.deadline is not None
        reading = Reading(config.tool_markup, config.empty_answers)
        return cls(host, CallOptions(deadline=_FOR_EVER) if bounded else None, reading)

    def asking_with(self, options: CallOptions | None) -> JobSite:
        """The same with settings of one job; its deadline is the argument of `wait`."""
        options = checked_options(options)
        if options is None:
            return self
        deadline = None if self.options is None else self.options.deadline
        markup, empty = options.tool_markup, options.empty_answers
        return JobSite(
            self.host,
            replace(options, deadline=deadline),
            Reading(
                self.reading.tool_markup if markup is None else markup,
                self.reading.empty_answers if empty is None else empty,
            ),
        )


class ClientSettings(Protocol):
    """What jobs have to know of a client's settings."""

    @property
    def deadline(self) -> float | None:
        """Of a call."""
        ...

    @property
    def tool_markup(self) -> bool:
        """Whether tool calls are found in texts."""
        ...

    @property
    def empty_answers(self) -> EmptyAnswers:
        """What becomes of an answer of nothing."""
        ...
