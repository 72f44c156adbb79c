"""The warning about models that the vendor has switched off, or sends elsewhere."""

from __future__ import annotations

import warnings

from siliconflow_client.catalogue.facts import lookup_model

_WARNED: set[str] = set()


class ModelRetiredWarning(UserWarning):
    """A model was asked that is retired; the text says since when, and what to use instead."""


def warn_if_retired(model: str) -> None:
    """Warn once in a process of a model that the catalogue calls retired.

    The request is sent all the same: the other site may have the model still.
    """
    facts = lookup_model(model)
    if facts.retired is None or model in _WARNED:
        return
    _WARNED.add(model)
    instead = (
        f"the vendor names {facts.successor} in its place"
        if facts.successor
        else "the vendor names no successor"
    )
    warnings.warn(
        f"{model} is retired since {facts.retired.isoformat()}, by the announcements of "
        f"siliconflow.cn; {instead}.",
        ModelRetiredWarning,
        stacklevel=3,
    )
