"""Checks before a request is sent: what can be seen to be wrong costs nothing, and is named.

What only the server can know (whether a model has a parameter, whether it takes a value of that
size) is left to the server.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import assert_never, cast

from siliconflow_client.catalogue.facts import (
    ModelKind,
    known_models,
    lookup_model,
    warn_if_retired,
)
from siliconflow_client.catalogue.parameter import Endpoint, Parameter
from siliconflow_client.catalogue.parameters import parameters_of
from siliconflow_client.errors.tree import ConfigurationError

_ONE: tuple[type, ...] = (bytes, Mapping)


def checked_body(
    endpoint: Endpoint, request: Mapping[str, object], extra_body: Mapping[str, object] | None
) -> dict[str, object]:
    """Return the body: the fields that are set, checked, and `extra_body`, which wins.

    Raises:
        ConfigurationError: A value of the wrong kind, or no model.
    """
    if not isinstance(cast("object", request), Mapping):
        raise wrong("request", "a mapping of the body's fields", request)
    known = parameters_of(endpoint)
    body = {name: value for name, value in request.items() if value is not None}
    for name, value in body.items():
        parameter = known.get(name)
        if parameter is not None:
            _check_value(parameter, value)
    if extra_body:
        check_mapping(extra_body, "extra_body")
        body.update(extra_body)
    check_string(body.get("model"), "model")
    return body


def model_of(body: Mapping[str, object]) -> str:
    """The model of a checked body; a retired one is warned of, once."""
    model = cast("str", body["model"])
    warn_if_retired(model)
    return model


def check_string(value: object, name: str) -> None:
    """Refuse what is no string, and one with nothing in it."""
    if not isinstance(value, str):
        raise wrong(name, "a string", value)
    if not value.strip():
        raise ConfigurationError(f"{name} is empty.", argument=name)


def check_positive(value: object, name: str) -> None:
    """Refuse what is no whole number above 0; `None` is left to the server."""
    if value is not None:
        check_whole(value, name, 1)


def check_whole(
    value: object, name: str, least: int | None = None, most: int | None = None
) -> None:
    """Refuse what is no whole number, and one below `least` or above `most`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(name, "a whole number", value)
    if (least is not None and value < least) or (most is not None and value > most):
        span = f"{least} or more" if most is None else f"{least} to {most}"
        raise ConfigurationError(f"{name} must be {span}, not {value}.", argument=name)


def check_word(value: object, name: str) -> None:
    """Refuse what is no string that a URL can hold."""
    check_string(value, name)
    try:
        cast("str", value).encode()
    except UnicodeEncodeError:
        raise ConfigurationError(f"{name} is not valid Unicode.", argument=name) from None


def check_mapping(value: object, name: str) -> None:
    """Refuse what is no mapping; `None` is none."""
    if value is not None and not isinstance(value, Mapping):
        raise wrong(name, "a mapping", value)


def check_many(values: object, name: str, wanted: str) -> None:
    """Refuse one thing in the place of many, and what cannot be gone through."""
    if isinstance(values, str):
        raise ConfigurationError(f"{name} must be {wanted}, not one string.", argument=name)
    is_one = isinstance(values, _ONE)
    if is_one or not any(hasattr(values, way) for way in ("__iter__", "__aiter__", "__getitem__")):
        raise wrong(name, wanted, values)


def check_texts(values: Sequence[object], name: str, model: str, *, first: int = 0) -> None:
    """Refuse inputs that are no strings; vision models take objects beside them.

    Args:
        values: The inputs.
        name: What an error calls all of them.
        model: Whom they are for.
        first: The number of the first one.
    """
    for position, value in enumerate(values, first):
        if not isinstance(value, str):
            check_object(value, f"{name}[{position}]", model)


def check_object(value: object, name: str, model: str) -> None:
    """Refuse what is no object that the model takes beside strings."""
    facts = lookup_model(model)
    if not isinstance(value, Mapping):
        raise wrong(name, "a string", value)
    held = cast("Mapping[object, object]", value)
    if not takes_objects(model):
        seeing = seeing_models(facts.kind)
        hint = f"Objects are for models that see: {', '.join(seeing)}." if seeing else None
        raise wrong(name, "a string", held, hint=hint)
    if facts.known and not any(isinstance(held.get(kind), str) for kind in facts.inputs):
        kinds = ", ".join(f"`{kind}`" for kind in sorted(facts.inputs))
        raise ConfigurationError(
            f"{name} must hold one of {kinds} as a string: {model} takes nothing else.",
            argument=name,
        )


def takes_objects(model: str) -> bool:
    """Vision embedders and rerankers take `{"text": …}` and `{"image": …}` beside strings."""
    facts = lookup_model(model)
    return "image" in facts.inputs or not facts.known


def seeing_models(kind: ModelKind) -> list[str]:
    """The ids of the models of this kind that take images, for hints."""
    return [one.id for one in known_models(kind) if "image" in one.inputs and not one.retired]


def as_sequence(value: object) -> Sequence[object] | None:
    """`value` if it is a list of things, which a string is not."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return cast("Sequence[object]", value)
    return None


def wrong(name: str, wanted: str, value: object, *, hint: str | None = None) -> ConfigurationError:
    """Say what an argument has to be, and what it is, without showing it."""
    kind = "None" if value is None else type(value).__name__
    return ConfigurationError(f"{name} must be {wanted}, not {kind}.", argument=name, hint=hint)


def _check_value(parameter: Parameter, value: object) -> None:
    name = parameter.name
    kind = parameter.kind
    match kind:
        case "integer":
            check_whole(value, name, 1 if parameter.positive else None)
        case "number":
            _check_number(name, value)
        case "boolean":
            if not isinstance(value, bool):
                raise wrong(name, "True or False", value)
        case "string":
            if not isinstance(value, str):
                raise wrong(name, "a string", value)
        case "strings":
            words = [value] if isinstance(value, str) else as_sequence(value)
            if words is None or not all(isinstance(word, str) for word in words):
                raise wrong(name, "a string or a list of strings", value)
        case "structure":
            pass
        case _:
            assert_never(kind)


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(name, "a number", value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigurationError(f"{name} must be finite, not {value}.", argument=name)
