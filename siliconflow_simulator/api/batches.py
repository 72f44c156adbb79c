"""`/batches`: create, look, list, cancel; the status advances with every look."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import json_response
from siliconflow_simulator.api._batch_jobs import CHAT, BatchJob, BatchStore, advance, read_lines
from siliconflow_simulator.api._fields import required_text, text
from siliconflow_simulator.api._files import FileStore, page_of
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_client import JsonObject
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange

_WINDOW: Final = re.compile(r"([0-9]{1,3})h")


def create(exchange: Exchange) -> SimResponse:
    """Make a batch of an uploaded file."""
    body = exchange.json()
    file = exchange.service.kept(FileStore).get(required_text(body, "input_file_id"))
    if required_text(body, "endpoint") != CHAT:
        raise refusals.generic_invalid()
    window = _WINDOW.fullmatch(required_text(body, "completion_window"))
    if window is None or not 24 <= int(window[1]) <= 336:
        raise refusals.generic_invalid()
    replace = body.get("replace")
    model = text(replace, "model") or "" if isinstance(replace, dict) else ""
    lines = read_lines(file.content, model)
    ordered = exchange.fault("batch-expires")
    store = exchange.service.kept(BatchStore)
    with store.lock:
        job = BatchJob(
            id=store.new_id(),
            input_file_id=file.id,
            window=int(window[1]),
            metadata=body.get("metadata"),
            lines=lines,
            total=len(lines),
            model=model,
            reached=None if ordered is None else int(ordered.number or 0),
        )
        store.add(job)
        return json_response(_payload(exchange, job))


def retrieve(exchange: Exchange) -> SimResponse:
    """Tell how a batch is, one step further than at the last look."""
    store = exchange.service.kept(BatchStore)
    with store.lock:
        job = store.get(exchange.parts["id"])
        advance(job, exchange.service, exchange.service.kept(FileStore))
        return json_response(_payload(exchange, job))


def list_batches(exchange: Exchange) -> SimResponse:
    """List the batches, the newest first; that is no look at each."""
    store = exchange.service.kept(BatchStore)
    with store.lock:
        entries = [_payload(exchange, job) for job in store.newest_first()]
        return json_response(page_of(entries, exchange.request.query))


def cancel(exchange: Exchange) -> SimResponse:
    """Begin to cancel a batch that has not ended."""
    store = exchange.service.kept(BatchStore)
    with store.lock:
        job = store.get(exchange.parts["id"])
        if job.status in ("completed", "expired", "cancelled"):
            raise refusals.refusal(400, 20073, f"The batch is {job.status} already.")
        job.status = "cancelling"
        return json_response(_payload(exchange, job))


def _payload(exchange: Exchange, job: BatchJob) -> JsonObject:
    return job.payload(_named(exchange, job.output_file_id), _named(exchange, job.error_file_id))


def _named(exchange: Exchange, file: str | None) -> str | None:
    """A result file's id, or its URL: no source says which (docs/wire.md#unsettled-points)."""
    if file is None or exchange.service.settings.batch_output == "id":
        return file
    return exchange.url(f"/batch-output/{file}?signature={file[-6:]}")


ROUTES: Final = (
    Route("POST", "/v1/batches", create),
    Route("GET", "/v1/batches", list_batches),
    Route("GET", "/v1/batches/{id}", retrieve),
    Route("POST", "/v1/batches/{id}/cancel", cancel),
)
