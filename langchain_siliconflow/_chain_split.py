"""Splits a chain at its chat model: what runs before it, the call, and what runs after it.

A batch answers calls only, so the rest of a chain runs here: the steps before once for each input
when the job is submitted, the steps after once for each answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, cast

from langchain_core.language_models import BaseLanguageModel
from langchain_core.runnables import (
    Runnable,
    RunnableBinding,
    RunnableConfig,
    RunnableLambda,
    RunnableParallel,
    RunnableSequence,
)
from langchain_core.runnables.config import merge_configs
from langchain_core.runnables.configurable import DynamicRunnable

from langchain_siliconflow.chat_models import ChatSiliconFlow
from siliconflow_client import ConfigurationError

Step: TypeAlias = Runnable[Any, Any]
"""A part of a chain; what goes in and out is the user's."""

_WHY: Final = {
    "RunnableParallel": "it runs several branches of one input",
    "RunnableAssign": "it keeps the input, which is gone when the answers come",
    "RunnableBranch": "it chooses by the input whether the model is asked",
    "RunnableEach": "it is a loop",
    "RunnableRetry": "it asks once more, which resubmit_failed() does for a batch",
    "RunnableWithFallbacks": "it is a fallback; resubmit_failed() sends again what failed",
    "RunnableWithMessageHistory": "it keeps a history, and a batch is asked all at once",
    "RunnableLambda": "it is a function that calls the model",
}


@dataclass(frozen=True, slots=True)
class SplitChain:
    """A chain with one chat model.

    Attributes:
        before: Steps that make the model's input.
        chat: The model.
        kwargs: What is bound to it.
        around: Bindings with a configuration for the model, the innermost first.
        after: Steps that take its message.
    """

    before: tuple[Step, ...]
    chat: ChatSiliconFlow
    kwargs: Mapping[str, Any]
    around: tuple[RunnableBinding[Any, Any], ...]
    after: tuple[Step, ...]

    def reading(self, chat: ChatSiliconFlow) -> Step:
        """The chain from the model on, with another one in its place."""
        asked: Step = chat.bind(**self.kwargs)
        for binding in self.around:
            asked = _configured(asked, binding)
        return RunnableSequence(asked, *self.after) if self.after else asked


def split(chain: Step, config: RunnableConfig | None = None) -> SplitChain:
    """Split a chain, or refuse it.

    Args:
        chain: `ChatSiliconFlow`, alone or bound, or a sequence with one.
        config: As for `invoke`; chooses among configurable alternatives.

    Raises:
        ConfigurationError: The model is missing, is not the only one, is another one than
            `ChatSiliconFlow`, or stands in something that a batch cannot do, which is named.
    """
    if not isinstance(cast("object", chain), Runnable):
        raise ConfigurationError(
            f"chain must be a runnable, not {type(chain).__name__}.", argument="chain"
        )
    models = [*_models_in(chain, config)]
    if not models:
        raise ConfigurationError("The chain asks no model.", argument="chain")
    if len(models) > 1:
        raise ConfigurationError(
            f"The chain asks {len(models)} models ({', '.join(models)}), and a batch asks one.",
            argument="chain",
            hint="make a job of each, the later ones with the results of the first.",
        )
    return _split(chain, config)


def _split(step: Step, config: RunnableConfig | None) -> SplitChain:
    """Split what is known to hold one model."""
    if isinstance(step, DynamicRunnable):
        chosen, merged = step.prepare(config)
        return _split(chosen, merged)
    if isinstance(step, ChatSiliconFlow):
        return SplitChain((), step, {}, (), ())
    if isinstance(step, RunnableSequence):
        steps = cast("RunnableSequence[object, object]", step).steps
        place = next(place for place, one in enumerate(steps) if any(_models_in(one, config)))
        inner = _split(steps[place], config)
        return replace(
            inner,
            before=(*steps[:place], *inner.before),
            after=(*inner.after, *steps[place + 1 :]),
        )
    if isinstance(step, RunnableParallel):
        branches = step.steps__
        if len(branches) == 1:
            [(name, branch)] = branches.items()
            inner = _split(branch, config)
            return replace(inner, after=(*inner.after, RunnableLambda(_named(name))))
    elif isinstance(step, RunnableBinding):
        binding = cast("RunnableBinding[object, object]", step)
        inner = _split(binding.bound, merge_configs(binding.config, config))
        return _bound(inner, binding)
    raise _refused(step)


def _bound(inner: SplitChain, binding: RunnableBinding[Any, Any]) -> SplitChain:
    """Put a binding around each part of what it bound; keywords are the first step's."""
    before, kwargs = inner.before, inner.kwargs
    if before:
        before = (before[0].bind(**binding.kwargs), *before[1:])
    else:
        kwargs = {**kwargs, **binding.kwargs}
    if not (binding.config or binding.config_factories):
        return replace(inner, before=before, kwargs=kwargs)
    return SplitChain(
        before=tuple(_configured(step, binding) for step in before),
        chat=inner.chat,
        kwargs=kwargs,
        around=(*inner.around, binding),
        after=tuple(_configured(step, binding) for step in inner.after),
    )


def _configured(step: Step, binding: RunnableBinding[Any, Any]) -> Step:
    return RunnableBinding(
        bound=step,
        kwargs={},
        config=binding.config,
        config_factories=binding.config_factories,
    )


def _named(name: str) -> Callable[[object], dict[str, object]]:
    return lambda value: {name: value}


def _refused(step: Step) -> ConfigurationError:
    kind = type(step).__name__
    if isinstance(step, BaseLanguageModel):
        return ConfigurationError(
            f"A batch asks ChatSiliconFlow, and this chain asks {kind}.", argument="chain"
        )
    why = next((_WHY[base.__name__] for base in type(step).__mro__ if base.__name__ in _WHY), None)
    return ConfigurationError(
        f"A batch cannot be asked through {kind}{f': {why}' if why else ''}.",
        argument="chain",
        hint="the model has to stand in the chain itself: prompt | chat | parser.",
    )


def _models_in(
    found: object, config: RunnableConfig | None, seen: frozenset[int] = frozenset()
) -> Iterator[str]:
    """The kind of every model that is asked, whatever it stands in."""
    kind = type(found).__name__
    if isinstance(found, BaseLanguageModel):
        yield kind
        return
    place = id(found)
    if place in seen:
        return
    inside: list[object] = []
    if isinstance(found, DynamicRunnable):
        chosen, config = cast("DynamicRunnable[object, object]", found).prepare(config)
        inside.append(chosen)
    elif isinstance(found, RunnableLambda):
        function = cast("RunnableLambda[object, object]", found)
        inside.extend(function.deps)
        # Of these there may be one only; it may be a model's own method.
        own = (getattr(function, name, None) for name in ("func", "afunc"))
        inside.extend(getattr(one, "__self__", None) for one in own)
    elif isinstance(found, Runnable):
        inside.extend(vars(cast("Runnable[object, object]", found)).values())
        if isinstance(found, RunnableBinding):
            config = merge_configs(cast("RunnableBinding[object, object]", found).config, config)
    elif isinstance(found, Mapping):
        inside.extend(cast("Mapping[object, object]", found).values())
    elif isinstance(found, list | tuple):
        inside.extend(cast("Sequence[object]", found))
    for one in inside:
        yield from _models_in(one, config, seen | {place})
