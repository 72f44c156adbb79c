"""`/files`: uploads, the listing, and what a file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import SimResponse, json_response
from siliconflow_simulator.api._fields import required_text
from siliconflow_simulator.api._files import FileStore, page_of
from siliconflow_simulator.api._forms import read_form
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_client import JsonObject
    from siliconflow_simulator.api._exchange import Exchange

_MOST_BYTES: Final = 1_000_000_000


def upload(exchange: Exchange) -> SimResponse:
    """Keep a file; the answer comes in the vendor's envelope."""
    form = read_form(exchange.request)
    file = form.file("file")
    if required_text(form.fields, "purpose") != "batch":
        raise refusals.invalid("purpose: Input should be 'batch'")
    if len(file.content) > _MOST_BYTES:
        raise refusals.refusal(400, 20087, "The file must not be larger than 1 GB.")
    store = exchange.service.kept(FileStore)
    stored = store.add(file.filename or "file", file.content, "batch")
    return json_response(_enveloped(stored.payload()))


def list_files(exchange: Exchange) -> SimResponse:
    """List the files, the newest first."""
    entries = [file.payload() for file in exchange.service.kept(FileStore).newest_first()]
    return json_response(_enveloped(page_of(entries, exchange.request.query)))


def content(exchange: Exchange) -> SimResponse:
    """Answer with what a file holds."""
    return _download(exchange)


def signed_content(exchange: Exchange) -> SimResponse:
    """The same from a storage host: without a key, and refused with one, as such hosts do."""
    if exchange.request.header("authorization"):
        raise refusals.Refusal(400, "Only one auth mechanism allowed")
    if not exchange.request.query.get("signature"):
        raise refusals.Refusal(403, "Forbidden")
    return _download(exchange)


def _download(exchange: Exchange) -> SimResponse:
    stored = exchange.service.kept(FileStore).get(exchange.parts["id"])
    return SimResponse(200, {"content-type": "application/octet-stream"}, stored.content)


def _enveloped(data: JsonObject) -> JsonObject:
    return {"code": 20000, "message": "Ok", "status": True, "data": data}


ROUTES: Final = (
    Route("POST", "/v1/files", upload),
    Route("GET", "/v1/files", list_files),
    Route("GET", "/v1/files/{id}/content", content),
    Route("GET", "/batch-output/{id}", signed_content, needs_key=False),
)
