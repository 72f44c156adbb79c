"""The simulator as an ASGI app, for any program that speaks HTTP.

    app = create_app(Simulator())

`python -m siliconflow_simulator` serves it with uvicorn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from siliconflow_simulator._simulator import Simulator
from siliconflow_simulator.faces.asgi import make_app

if TYPE_CHECKING:
    from starlette.applications import Starlette


def create_app(simulator: Simulator | None = None) -> Starlette:
    """Make an ASGI app that answers as the simulator does.

    Args:
        simulator: What answers; one with default settings when left out.
    """
    return make_app((simulator or Simulator()).handle)
