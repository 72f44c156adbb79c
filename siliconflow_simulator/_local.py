"""The simulator where there is no key: for examples, demonstrations and notebooks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    import httpx


class LocalSettings(TypedDict, total=False):
    """Constructor keywords of any model class of ours, of the clients too."""

    api_key: str
    http_client: httpx.Client
    async_http_client: httpx.AsyncClient


def local_settings() -> LocalSettings:
    """Tell what to construct a model with so that it answers on this machine now.

    Returns:
        Nothing when `SILICONFLOW_API_KEY` is set: the model then reads it and talks to the API.
        Otherwise a made-up key and two HTTP clients that a simulator in this process answers.
    """
    if os.environ.get("SILICONFLOW_API_KEY", "").strip():
        return {}
    import httpx

    from siliconflow_simulator import Simulator

    transport = Simulator().transport()
    return {
        "api_key": "sk-simulator",
        "http_client": httpx.Client(transport=transport),
        "async_http_client": httpx.AsyncClient(transport=transport),
    }
