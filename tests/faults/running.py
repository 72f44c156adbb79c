"""One cell of the fault table: a server that does what the row says, and someone who asks it."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from tests.faults.columns import Column, User
from tests.faults.peers import server_context, surroundings
from tests.faults.server import FaultServer
from tests.faults.table.row import Row

PATIENCE = 5.0
"""Seconds in which a closed client must have left."""


@dataclass(frozen=True)
class Cell:
    """What came of a row in a column.

    Attributes:
        result: What was handed out; `None` where an error was raised.
        error: What was raised.
        text: What a stream has handed out.
        requests: How many the server saw.
        connections: How many it accepted.
        waits: Between the attempts, in seconds.
        bodies: How many different bodies were sent; a retry sends the same.
        leaks: What was still there when everything was closed.
    """

    result: object
    error: BaseException | None
    text: str
    requests: int
    connections: int
    waits: tuple[float, ...]
    bodies: int
    leaks: tuple[str, ...]


def verdict(row: Row, column: Column, cell: Cell) -> str:
    """Say what is not as the row says it must be; "" where everything is."""
    outcome = row.outcome_in(column.name)
    return "; ".join((*_of_the_outcome(row, outcome, cell), *_of_the_traffic(row, cell)))


def _of_the_outcome(row: Row, outcome: object, cell: Cell) -> Iterator[str]:
    error = cell.error
    if not isinstance(outcome, type):
        if error is not None:
            yield type(error).__name__
        elif cell.result != outcome:
            yield f"got {str(cell.result)[:60]!r}"
        return
    if error is None:
        yield f"no error, but {str(cell.result)[:60]!r}"
    elif not isinstance(error, outcome) or type(error).__name__ != outcome.__name__:
        yield type(error).__name__
    else:
        for name, value in row.said.items():
            if (found := getattr(error, name, "missing")) != value:
                yield f"{name} is {str(found)[:60]!r}"
        if cell.text != row.text:
            yield f"handed out {cell.text[:60]!r}"


def _of_the_traffic(row: Row, cell: Cell) -> Iterator[str]:
    if cell.requests != row.requests:
        yield f"{cell.requests} requests"
    if row.connections is not None and cell.connections != row.connections:
        yield f"{cell.connections} connections"
    if row.wait is not None and not (cell.waits and row.wait[0] <= cell.waits[0] <= row.wait[1]):
        yield f"waits of {cell.waits} s"
    if row.same_body and cell.bodies > 1:
        yield "a retry sent something else"
    yield from (f"left behind: {leak}" for leak in cell.leaks)


def run(row: Row, column: Column) -> Cell:
    """Do what the row says, and tell what came of it."""
    threads = set(threading.enumerate())
    with FaultServer(*row.script, tls=server_context(row.peer.certificate)) as server:
        with surroundings(row.peer, server.port) as url:
            settings = {"long_answers": "never", **row.settings}
            user = column.user(url, settings, chats=row.ask not in ("embed", "rerank"))
            result, error, leaks = asyncio.run(_told(row, user, server))
        if not server.is_left(PATIENCE):
            leaks.append("a connection")
    left = [thread.name for thread in threading.enumerate() if thread not in threads]
    return Cell(
        result=result,
        error=error,
        text=user.text,
        requests=len(server.seen),
        connections=server.connections,
        waits=tuple(user.waits),
        bodies=len({request.body for request in server.seen}),
        leaks=(*leaks, *(f"thread {name}" for name in left)),
    )


async def _told(
    row: Row, user: User, server: FaultServer
) -> tuple[object, Exception | None, list[str]]:
    """Result and error, and the tasks that are left when everything is closed."""
    result: object = None
    error: Exception | None = None
    try:
        result = await _asked(row, user, server)
    except Exception as failure:  # noqa: BLE001  # whatever comes is what the cell tells
        error = failure
    await user.close()
    own = asyncio.current_task()
    for _ in range(10):  # generators that were collected are closed by tasks of the loop's
        await asyncio.sleep(0)
        if asyncio.all_tasks() == {own}:
            break
    tasks = [f"task {task.get_name()}" for task in asyncio.all_tasks() if task is not own]
    return result, error, tasks


async def _asked(row: Row, user: User, server: FaultServer) -> object:
    match row.ask:
        case "chat":
            return await user.chat()
        case "stream":
            return await user.stream()
        case "embed":
            return await user.embed()
        case "rerank":
            return await user.rerank()
        case "chat twice":
            await user.chat()
            return await user.chat()
        case "chat after closing" | "chat after closing twice":
            await user.chat()
            await user.close()
            if row.ask.endswith("twice"):
                await user.close()
            return await user.chat()
        case "chat after a dropped stream":
            await user.stream(take=1)
            left = await server.saw_client_leave()
            return await user.chat() if left else "the stream's connection was left open"
        case "chat after a stream":
            await user.stream()
            return await user.chat()
        case "chat in a forked child":
            await user.chat()
            return [await _in_child(user), await user.chat()]
        case _:
            assert_never(row.ask)


async def _in_child(user: User) -> object:
    """What a child of this process is told, on a client that its parent has used."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads: the server's
        child = os.fork()
    if child == 0:
        try:
            os.write(writing, json.dumps(asyncio.run(user.chat())).encode())  # type: ignore[arg-type]  # a coroutine
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as told:  # noqa: ASYNC230, PTH123  # the end of a pipe
        words = await asyncio.to_thread(told.read)
    os.waitpid(child, 0)  # noqa: ASYNC222  # it has said all, and ends
    return json.loads(words or "null")
