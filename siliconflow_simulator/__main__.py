"""Serve the simulator: `python -m siliconflow_simulator --port 8080`."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import socket
import sys
from typing import TYPE_CHECKING, Final

from siliconflow_simulator._simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Sequence

_THIS_MACHINE: Final = "127.0.0.1"
_GRACE_SECONDS: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m siliconflow_simulator",
        description="A local SiliconFlow API. It knows nothing, costs nothing and needs no key.",
    )
    parser.add_argument("--host", default=_THIS_MACHINE, help="address to listen on")
    parser.add_argument(
        "--port", type=_port, default=8080, help="port to listen on; 0 takes a free one"
    )
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
        "--bare-follow-ups",
        action="store_true",
        help="leave id, type and name out of later tool-call pieces (for .stream() of openai)",
    )
    parser.add_argument(
        "--any-model", action="store_true", help="serve ids that the catalogue does not list"
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
        keep_requests=0,
        api_keys=chosen.api_key,
        stream_style=chosen.stream_style,
        text_before_tools=chosen.text_before_tools,
        bare_follow_ups=chosen.bare_follow_ups,
        any_model=chosen.any_model,
    )
    # Bound before it is announced: an address that cannot be had must not be called served.
    try:
        listener = _listen(chosen.host, chosen.port)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        print(
            f"Cannot serve at {chosen.host}:{chosen.port}: {reason.lower()}. "
            "Another --port or --host may be free.",
            file=sys.stderr,
        )
        return 1
    with listener:
        _announce(chosen.host, listener.getsockname()[1])

        class Server(uvicorn.Server):
            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                # It would print a traceback of each answer that it does not wait for.
                logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
                await super().shutdown(sockets)

        server = Server(
            uvicorn.Config(
                create_app(simulator),
                log_level="warning",
                ws="none",
                use_colors=False,  # uvicorn would ask an output whether it shows some
                # Answers that stall have no end: the interrupt does not wait for them.
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        # uvicorn hands the interrupt on after it has shut down in order.
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    return 0


def _announce(host: str, port: int) -> None:
    place = f"[{host}]" if ":" in host else host or _THIS_MACHINE
    url = f"http://{place}:{port}/v1"
    try:
        print(
            f"A simulated SiliconFlow answers at {url}\n"
            f"  export SILICONFLOW_BASE_URL={url} SILICONFLOW_API_KEY=sk-any",
            flush=True,
        )
    except OSError:  # nobody reads: it is served all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports go from 0 to 65535")
    return port


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


if __name__ == "__main__":
    sys.exit(main())
