"""What stays the same from request to request: the settings, the models, what endpoints keep."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar, cast

from siliconflow_client import ModelFacts, known_models, lookup_model
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator.answers.ranking import score_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from siliconflow_simulator.answers.script import ChatAnswers
    from siliconflow_simulator.api._settings import Settings

Kept = TypeVar("Kept")


class Service:
    """What all endpoints share.

    Args:
        settings: How the API behaves.
        models: Facts of further models, or other facts for known ones.
        chat: Answers chat requests and completions.
        vector: Makes a text's vector; `None` for one made of its words.
        scores: Scores documents against a query; `None` for scores by shared words.
        unanswered: Told why no script answers a line of a batch, which is no request's answer.
    """

    def __init__(
        self,
        settings: Settings,
        models: Iterable[ModelFacts] = (),
        *,
        chat: ChatAnswers,
        vector: Callable[[str], Sequence[float]] | None = None,
        scores: Callable[[str, Sequence[str]], Sequence[float]] | None = None,
        unanswered: Callable[[str], None],
    ) -> None:
        self.settings = settings
        self.chat = chat
        self.vector = vector
        self.scores = scores or score_documents
        self.unanswered = unanswered
        self._models = {facts.id: facts for facts in models}
        self._kept: dict[type[object], object] = {}
        self._lock = threading.Lock()

    @property
    def native(self) -> bool:
        """Whether vLLM itself answers, and not the API in front of it."""
        return self.settings.stream_style == "vllm-native"

    def facts(self, model: str) -> ModelFacts:
        """Return what a model can do.

        Raises:
            Refusal: The model is not served.
        """
        facts = self._models.get(model) or lookup_model(model)
        if not facts.known and not self.settings.any_model:
            raise refusals.engine_has_no_model(model) if self.native else refusals.model_not_found()
        return facts

    def models(self) -> list[ModelFacts]:
        """Return the facts of all models."""
        known = {facts.id: facts for facts in known_models()}
        return list({**known, **self._models}.values())

    def kept(self, kind: type[Kept]) -> Kept:
        """Return the one instance of a class in which an endpoint keeps files, jobs and the like.

        It is made without arguments when it is first asked for; it has to be safe for threads.
        """
        with self._lock:
            return cast("Kept", self._kept.setdefault(kind, kind()))
