"""A local SiliconFlow, for tests, demos and work without a key or a network.

```python
import httpx

from siliconflow_simulator import Simulator, when

sim = Simulator()
url = "https://api.siliconflow.cn/v1"
with httpx.Client(base_url=url, transport=sim.transport()) as client:
    print(client.get("/models", headers={"authorization": "Bearer sk-any"}).status_code)
```

or `python -m siliconflow_simulator --port 8080`. The header `x-simulate` orders faults, and
answers may be written down:

```python
sim = Simulator(answers=[when("weather").calls("get_weather", city="Paris").then.says("Sunny.")])
```
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siliconflow_simulator._local import local_settings
    from siliconflow_simulator._received import Received
    from siliconflow_simulator._simulator import LocalSettings, Simulator
    from siliconflow_simulator._wire import SimRequest, SimResponse, TimedChunk
    from siliconflow_simulator.answers.answer import Answer, NewCall
    from siliconflow_simulator.answers.call import ChatCall
    from siliconflow_simulator.answers.from_text.chat import from_text
    from siliconflow_simulator.answers.rules import Rule, when
    from siliconflow_simulator.answers.script import Script, calls, fails, says
    from siliconflow_simulator.pytest_plugin.server import SiliconFlowServer

__all__ = [
    "Answer",
    "ChatCall",
    "LocalSettings",
    "NewCall",
    "Received",
    "Rule",
    "Script",
    "SiliconFlowServer",
    "SimRequest",
    "SimResponse",
    "Simulator",
    "TimedChunk",
    "calls",
    "fails",
    "from_text",
    "local_settings",
    "says",
    "when",
]

_HOMES = {
    "_local": ("local_settings",),
    "_received": ("Received",),
    "_simulator": ("LocalSettings", "Simulator"),
    "_wire": ("SimRequest", "SimResponse", "TimedChunk"),
    "answers.answer": ("Answer", "NewCall"),
    "answers.call": ("ChatCall",),
    "answers.from_text.chat": ("from_text",),
    "answers.rules": ("Rule", "when"),
    "answers.script": ("Script", "calls", "fails", "says"),
    "pytest_plugin.server": ("SiliconFlowServer",),
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
