"""A local SiliconFlow, for tests, demos and work without a key or a network.

    sim = Simulator()
    client = httpx.Client(base_url="https://api.siliconflow.cn/v1", transport=sim.transport())

or `python -m siliconflow_simulator --port 8080`. The header `x-simulate` orders faults.
"""

from __future__ import annotations

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


def __getattr__(name: str) -> object:
    if name == "Simulator":
        from siliconflow_simulator._simulator import Simulator

        return Simulator
    if name in {"LocalSettings", "local_settings"}:
        from siliconflow_simulator import _local

        return getattr(_local, name)
    if name in __all__:
        from siliconflow_simulator import _wire

        return getattr(_wire, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
