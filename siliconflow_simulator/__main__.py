"""Serve the simulator: `python -m siliconflow_simulator --port 8080`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING

from siliconflow_simulator._simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m siliconflow_simulator",
        description="A local SiliconFlow API. It knows nothing, costs nothing and needs no key.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on")
    parser.add_argument(
        "--stream-style",
        choices=("auto", "inhouse", "vllm", "mixed", "vllm-native"),
        default="auto",
        help="form of chat streams; auto takes the form of the model's family",
    )
    parser.add_argument(
        "--text-before-tools", action="store_true", help="write a sentence before tool calls"
    )
    parser.add_argument(
        "--api-key", action="append", metavar="KEY", help="accept only this key (repeatable)"
    )
    chosen = parser.parse_args(arguments)
    try:
        import uvicorn

        from siliconflow_simulator.asgi import create_app
    except ImportError:
        print(
            "The server needs Starlette and uvicorn: "
            "pip install 'siliconflow-integrations[simulator]'",
            file=sys.stderr,
        )
        return 1
    simulator = Simulator(
        api_keys=chosen.api_key,
        stream_style=chosen.stream_style,
        text_before_tools=chosen.text_before_tools,
    )
    print(
        f"A simulated SiliconFlow answers at http://{chosen.host}:{chosen.port}/v1\n"
        f"  export SILICONFLOW_BASE_URL=http://{chosen.host}:{chosen.port}/v1"
        " SILICONFLOW_API_KEY=sk-any",
        flush=True,
    )
    # uvicorn hands the interrupt on after it has shut down in order.
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.run(create_app(simulator), host=chosen.host, port=chosen.port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
