"""One request on its way to an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator.api._fields import read_object, required_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siliconflow_client import JsonObject, ModelFacts
    from siliconflow_simulator._wire import SimRequest
    from siliconflow_simulator.api._service import Service
    from siliconflow_simulator.faults.orders import Fault


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an endpoint answers from.

    Attributes:
        request: The request; its key has been checked.
        service: What all requests share.
        digest: 64 hex digits that stand for what was asked: ids are made from it.
        parts: What stands in the place of the path's segments in braces.
        faults: What was ordered to go wrong, for endpoints with faults of their own.
    """

    request: SimRequest
    service: Service
    digest: str
    parts: Mapping[str, str] = field(default_factory=lambda: {})
    faults: Sequence[Fault] = ()

    def fault(self, word: str) -> Fault | None:
        """Return the fault of this word, if it was ordered."""
        return next((fault for fault in self.faults if fault.word == word), None)

    def url(self, path: str) -> str:
        """Return the URL of a path on the host that was asked, for files that an answer names."""
        host = self.request.header("host") or "api.siliconflow.cn"
        return f"{self.request.scheme}://{host}{path}"

    def json(self) -> JsonObject:
        """Return the body, which must be a JSON object."""
        return read_object(self.request.body)

    def model(self, body: JsonObject, kind: str) -> ModelFacts:
        """Return the facts of the model that a body names, which must be of a kind."""
        facts = self.service.facts(required_text(body, "model"))
        if facts.kind != kind and facts.known:
            raise refusals.model_not_found()
        return facts
