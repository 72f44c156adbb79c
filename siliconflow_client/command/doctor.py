"""Look whether a request can succeed: the key, the site, the model, the installed packages."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from siliconflow_client._client import SiliconFlowClient
from siliconflow_client._config import URL_VARIABLE, ClientConfig
from siliconflow_client._packages import OURS, SHARED, THEIRS, repair, spoilt_files, version_of
from siliconflow_client.catalogue.facts import lookup_model, nearest_models
from siliconflow_client.command.findings import Finding
from siliconflow_client.endpoints.models import ModelCard
from siliconflow_client.errors.hints import SITES
from siliconflow_client.errors.tree import (
    APIConnectionError,
    AuthenticationError,
    ConfigurationError,
    SiliconFlowError,
)
from siliconflow_client.protocol.options import KEY_VARIABLE

LOOK_SECONDS: Final = 20.0
"""How long one look at a site may take."""

_NO_KEY: Final = "sk-none"
"""Sent where there is no key, to see whether the host answers."""
_NOT_READ: Final = (
    "SILICONCLOUD_API_KEY",
    "SILICONFLOW_KEY",
    "SILICONFLOW_TOKEN",
    "SILICON_FLOW_API_KEY",
    "OPENAI_API_KEY",
)
"""Variables that other programs keep such a key in."""
_MOST_SPOILT: Final = 3


def examine(
    model: str | None = None,
    base_url: str | None = None,
    *,
    sites: Mapping[str, str] = SITES,
) -> Iterator[Finding]:
    """Look at everything that has to be right; the site is asked for its models only.

    Each finding is yielded before the next look, which may take its time.

    Args:
        model: The model that is meant to be used.
        base_url: As for `ClientConfig`.
        sites: The other site's URL of each host; keys work on one of the two.
    """
    yield from _the_site(model, base_url, sites)
    yield from _the_packages()


def _the_site(
    model: str | None, base_url: str | None, sites: Mapping[str, str]
) -> Iterator[Finding]:
    has_key = bool(os.environ.get(KEY_VARIABLE, "").strip())
    yield _the_key(has_key=has_key)
    try:
        config = ClientConfig(
            api_key=None if has_key else _NO_KEY,
            base_url=base_url,
            timeout=LOOK_SECONDS,
            deadline=LOOK_SECONDS,
            max_retries=1,
        )
    except ConfigurationError as error:
        yield Finding("problem", "settings", str(error))
        return
    origin = _origin(base_url)
    yield Finding("ok", "site", f"{config.base_url} ({origin})")
    try:
        cards = _models(config)
    except AuthenticationError as error:
        yield Finding("ok", "host", f"{config.host} answers")
        if has_key:
            yield _refused(config, error, sites)
    except APIConnectionError as error:
        yield Finding("problem", "host", f"{config.host} does not answer: {error}")
    except ConfigurationError as error:  # of proxies or certificates, which a first request reads
        yield Finding("problem", "settings", str(error))
    except SiliconFlowError as error:
        yield Finding("problem", "host", f"{config.host} answers, but with an error: {error}")
    else:
        yield Finding("ok", "host", f"{config.host} answers")
        if has_key:
            yield Finding("ok", "key", f"accepted by {config.host}")
        yield Finding("ok" if cards else "problem", "models", f"{len(cards)} visible")
        if model is not None:
            yield _the_model(model, [card.id for card in cards])
        return
    if model is not None:
        yield _the_model(model, None)


def _the_key(*, has_key: bool) -> Finding:
    if has_key:
        return Finding("ok", "key", f"found in {KEY_VARIABLE}")
    others = [name for name in _NOT_READ if os.environ.get(name)]
    unread = f" {' and '.join(others)} is set, but not read." if others else ""
    return Finding(
        "problem",
        "key",
        f"{KEY_VARIABLE} is not set.{unread} Keys are made at "
        "https://cloud.siliconflow.cn/account/ak (.cn) or "
        "https://cloud.siliconflow.com/account/ak (.com).",
    )


def _origin(base_url: str | None) -> str:
    if base_url:
        return "--base-url"
    return URL_VARIABLE if os.environ.get(URL_VARIABLE) else "the default"


def _models(config: ClientConfig) -> list[ModelCard]:
    with SiliconFlowClient(config) as client:
        return client.models()


def _refused(config: ClientConfig, error: AuthenticationError, sites: Mapping[str, str]) -> Finding:
    """Whether the other site accepts the key: each has keys of its own."""
    other = sites.get(config.host)
    if other is None:
        return Finding("problem", "key", f"refused: {error}")
    try:
        _models(
            ClientConfig(base_url=other, timeout=LOOK_SECONDS, deadline=LOOK_SECONDS, max_retries=1)
        )
    except SiliconFlowError:
        return Finding("problem", "key", f"refused by {config.host}, and not taken by {other}")
    return Finding(
        "problem",
        "key",
        f"refused by {config.host}, and accepted by the other site: it is a key of {other}",
        [f"export {URL_VARIABLE}={other}"],
    )


def _the_model(model: str, visible: Sequence[str] | None) -> Finding:
    if not model.strip():
        return Finding("problem", "model", "--model is empty")
    facts = lookup_model(model)
    is_visible = visible is not None and model in visible
    if facts.retired is not None:
        successor = f"; its successor is {facts.successor}" if facts.successor else ""
        still = ", but the site lists it still" if is_visible else ""
        return Finding(
            "note" if is_visible else "problem",
            "model",
            f"{model} is retired since {facts.retired}{successor}{still}",
        )
    known = f"{model} is for {facts.kind}" if facts.known else f"{model} is not in the catalogue"
    if is_visible:
        return Finding("ok", "model", f"{known}, and visible")
    if visible is None:
        return Finding("note", "model", f"{known}; whether the site has it could not be seen")
    near = " or ".join(name for name in nearest_models(model) if name in visible)
    hint = f"; did you mean {near}?" if near else "; `siliconflow models` lists those that are"
    return Finding("problem", "model", f"{model} is not visible to this key{hint}")


def _the_packages() -> Iterator[Finding]:
    ours, theirs, spoilt = version_of(OURS), version_of(THEIRS), spoilt_files()
    if ours is not None and theirs is not None:
        yield Finding(
            "problem",
            "packages",
            f"{OURS} {ours} and PyPI's {THEIRS} {theirs} are both installed, and both own the "
            f"folder {SHARED}: uninstalling either takes files of the other away. Uninstall "
            "both, then install this one:",
            repair(),
        )
    elif spoilt:
        named = ", ".join(spoilt[:_MOST_SPOILT])
        more = f" and {len(spoilt) - _MOST_SPOILT} more" if len(spoilt) > _MOST_SPOILT else ""
        yield Finding(
            "problem",
            "packages",
            f"files of {OURS} {ours} are missing or overwritten: {named}{more}. Install it anew:",
            repair(),
        )
    elif ours is not None:
        yield Finding("ok", "packages", f"{OURS} {ours} alone owns {SHARED}")
    elif theirs is not None:
        yield Finding(
            "note",
            "packages",
            f"{OURS} is not installed here but read from a folder, and PyPI's {THEIRS} {theirs} "
            f"is: which of them `import {SHARED}` finds depends on the path",
        )
    else:
        yield Finding("note", "packages", f"{OURS} is not installed, but read from a folder")
