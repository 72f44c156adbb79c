"""A local SiliconFlow, for tests, demos and work without a key or a network.

    sim = Simulator()
    client = httpx.Client(base_url="https://api.siliconflow.cn/v1", transport=sim.transport())

or `python -m siliconflow_simulator --port 8080`. The header `x-simulate` orders faults.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siliconflow_simulator._local import LocalSettings, local_settings
    from siliconflow_simulator._simulator import Simulator
    from siliconflow_simulator._wire import SimRequest, SimResponse, TimedChunk

__all__ = [
    "LocalSettings",
    "SimRequest",
    "SimResponse",
    "Simulator",
    "TimedChunk",
    "local_settings",
]

_HOMES = {
    "_local": ("LocalSettings", "local_settings"),
    "_simulator": ("Simulator",),
    "_wire": ("SimRequest", "SimResponse", "TimedChunk"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
