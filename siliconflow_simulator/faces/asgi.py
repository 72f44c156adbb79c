"""The server face: an ASGI app that hands requests to the core and waits as its chunks say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from siliconflow_simulator._wire import NEVER, SimRequest

try:
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect
    from starlette.responses import Response
    from starlette.routing import Route
except ImportError as error:
    raise ImportError(
        "the simulator's server needs Starlette and uvicorn: "
        "pip install 'siliconflow-integrations[simulator]'"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from siliconflow_simulator._wire import SimResponse

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def make_app(handle: Callable[[SimRequest], SimResponse]) -> Starlette:
    """Make an ASGI app of a function that answers requests."""

    async def answer(request: Request) -> Response:
        try:
            body = await request.body()
        except ClientDisconnect:  # nobody is left to be answered
            return Response(status_code=400)
        asked = SimRequest(
            method=request.method,
            path=request.url.path,
            headers=dict(request.headers),
            body=body,
            query=dict(request.query_params),
            scheme=request.url.scheme,
        )
        # In a thread of its own, so that a slow answer keeps no other request waiting.
        return _TimedResponse(await anyio.to_thread.run_sync(handle, asked))

    return Starlette(routes=[Route("/{path:path}", answer, methods=_METHODS)])


class _TimedResponse(Response):
    """Sends a response piece by piece, and breaks the connection off where that was ordered."""

    def __init__(self, response: SimResponse) -> None:
        super().__init__(status_code=response.status)
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        async with anyio.create_task_group() as tasks:

            async def stop_when_the_client_leaves() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(stop_when_the_client_leaves)
            await self._send(send)
            tasks.cancel_scope.cancel()

    async def _send(self, send: Send) -> None:
        response = self._response
        headers = {**response.headers}
        if response.body is not None:
            headers["content-length"] = str(len(response.body))
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": raw})
        for chunk in response.pieces():
            if chunk.delay == NEVER:
                await anyio.sleep_forever()
            await anyio.sleep(chunk.delay)
            if chunk.data:
                await send({"type": "http.response.body", "body": chunk.data, "more_body": True})
        if response.ending == "complete":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        # A server that gets no last piece closes the connection, which is what "dropped" means.
