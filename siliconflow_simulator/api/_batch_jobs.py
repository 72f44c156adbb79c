"""Batches: how their status advances, and how their lines are answered."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._refusals import Refusal
from siliconflow_simulator._wire import CREATED, SimRequest, decode, encode
from siliconflow_simulator.answers.rules import Unanswered
from siliconflow_simulator.api._exchange import Exchange
from siliconflow_simulator.api._routes import find_route

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator.api._files import FileStore
    from siliconflow_simulator.api._service import Service

CHAT: Final = "/v1/chat/completions"
MOST_LINES: Final = 5000
_KEPT: Final = 1000
_ROLES: Final = ("system", "user", "assistant")
_NEXT: Final = {
    "validating": "in_progress",
    "in_progress": "finalizing",
    "cancelling": "cancelled",
}
_EXPIRED: Final = "This request could not be executed before the completion window expired."
_CANCELLED: Final = "This request was cancelled."


@dataclass(frozen=True, slots=True)
class Line:
    """A request of a batch."""

    custom_id: str
    body: JsonObject = field(repr=False)


@dataclass(slots=True)
class BatchJob:
    """A batch.

    Attributes:
        id: Its id.
        input_file_id: What it was made from.
        window: Hours until it expires.
        metadata: As given; listings echo it.
        lines: Its requests; none any longer once it has ended.
        total: How many they are.
        model: The model of all, by `replace.model`; "" for each line's own.
        reached: How many lines are answered before it expires; `None` for all, in time.
        status: Where it is.
        output_file_id: File of the successes, once there are some.
        error_file_id: File of the failures, once there are some.
        completed: Lines that succeeded.
        failed: Lines that failed.
    """

    id: str
    input_file_id: str
    window: int
    metadata: JsonValue
    lines: list[Line] = field(repr=False)
    total: int
    model: str
    reached: int | None = None
    status: str = "validating"
    output_file_id: str | None = None
    error_file_id: str | None = None
    completed: int = 0
    failed: int = 0

    def payload(self, output: str | None, error: str | None) -> JsonObject:
        """The object that stands for it, its files named as `output` and `error` say."""
        ended = self.status in ("completed", "expired", "cancelled")
        counts: JsonObject = {
            "total": self.total,
            "completed": self.completed,
            "failed": self.failed,
        }
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": CHAT,
            "errors": None,
            "input_file_id": self.input_file_id,
            "completion_window": f"{self.window}h",
            "status": self.status,
            "output_file_id": output,
            "error_file_id": error,
            "created_at": CREATED,
            "in_progress_at": None if self.status == "validating" else CREATED + 60,
            "expires_at": CREATED + 3600 * self.window,
            "completed_at": CREATED + 600 if ended else None,
            "failed_at": None,
            "expired_at": CREATED + 3600 * self.window if self.status == "expired" else None,
            "request_counts": counts,
            "metadata": self.metadata,
        }


class BatchStore:
    """The last thousand batches; safe for threads."""

    def __init__(self) -> None:
        self._jobs: dict[str, BatchJob] = {}
        self._made = 0
        self.lock = threading.RLock()

    def new_id(self) -> str:
        """The same sequence of batches gets the same ids."""
        made = hashlib.sha256(f"batch/{self._made}".encode()).hexdigest()[:10]
        self._made += 1
        return f"batch_{made}"

    def add(self, job: BatchJob) -> None:
        """Keep a batch; the oldest goes where there are too many."""
        self._jobs[job.id] = job
        if len(self._jobs) > _KEPT:
            del self._jobs[next(iter(self._jobs))]

    def get(self, id: str) -> BatchJob:
        """Return a batch.

        Raises:
            Refusal: There is none of this id.
        """
        job = self._jobs.get(id)
        if job is None:
            raise refusals.refusal(404, 20011, "Record not found.")
        return job

    def newest_first(self) -> list[BatchJob]:
        """Return all batches."""
        return list(reversed(self._jobs.values()))


def read_lines(content: bytes, replaced: str) -> list[Line]:
    """Check an input file as documented; the codes are the vendor's, the wordings ours.

    Raises:
        Refusal: Too many lines, an id twice, a wrong role, a last message that is not the user's,
            several models.
    """
    written = [line for line in content.split(b"\n") if line.strip()]
    if not written or len(written) > MOST_LINES:
        raise refusals.refusal(400, 20067, f"A file must have 1 to {MOST_LINES} lines.")
    lines = [_line(line, number) for number, line in enumerate(written, 1)]
    if len({line.custom_id for line in lines}) < len(lines):
        raise refusals.refusal(400, 20070, "custom_id must be unique within a file.")
    models = {str(line.body.get("model")) for line in lines}
    if len(models) > 1 and not replaced:
        raise refusals.refusal(400, 20074, "All requests of a file must ask the same model.")
    return lines


def _line(content: bytes, number: int) -> Line:
    try:
        value = decode(content)
    except ValueError:
        value = None
    body = value.get("body") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(body, dict):
        raise refusals.refusal(400, 20068, f"Line {number} is no request.")
    custom_id = value.get("custom_id")
    if not isinstance(custom_id, str) or not custom_id:
        raise refusals.refusal(400, 20069, f"Line {number} has no custom_id.")
    messages = body.get("messages")
    roles = [
        turn.get("role") if isinstance(turn, dict) else None
        for turn in (messages if isinstance(messages, list) else [])
    ]
    if not roles or any(role not in _ROLES for role in roles) or roles[-1] != "user":
        raise refusals.refusal(
            400, 20071, f"Line {number}: messages must be of system, user and assistant, and end "
            "with the user's.",
        )  # fmt: skip
    return Line(custom_id, body)


def advance(job: BatchJob, service: Service, files: FileStore) -> None:
    """Take the next step; the last one answers the lines."""
    if job.status == "in_progress" and job.reached is not None:
        _finish(job, service, files, "expired", job.reached, "batch_expired", _EXPIRED)
    elif job.status == "cancelling":
        half = len(job.lines) // 2
        _finish(job, service, files, "cancelled", half, "batch_cancelled", _CANCELLED)
    elif job.status == "finalizing":
        _finish(job, service, files, "completed", len(job.lines), "", "")
    else:
        job.status = _NEXT.get(job.status, job.status)


def _finish(
    job: BatchJob,
    service: Service,
    files: FileStore,
    status: str,
    reached: int,
    code: str,
    words: str,
) -> None:
    """Answer the lines, in an order of their own, up to where the batch got."""
    lines = sorted(
        job.lines,
        key=lambda line: hashlib.sha256(f"{job.id}/{line.custom_id}".encode()).digest(),
    )
    good: list[bytes] = []
    bad: list[bytes] = []
    for number, line in enumerate(lines):
        result: JsonObject = {"id": f"batch_req_{job.id[6:]}{number:05}"}
        result["custom_id"] = line.custom_id
        if number < reached:
            answer = _answer(job, line, service)
            result["response"], result["error"] = answer, None
            (good if answer["status_code"] == 200 else bad).append(encode(result))
        else:
            result["response"], result["error"] = None, {"code": code, "message": words}
            bad.append(encode(result))
    job.status, job.completed, job.failed = status, len(good), len(bad)
    job.lines = []
    if good:
        job.output_file_id = files.add(f"{job.id}_output.jsonl", _joined(good), "batch").id
    if bad:
        job.error_file_id = files.add(f"{job.id}_error.jsonl", _joined(bad), "batch").id


def _joined(lines: list[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n"


def _answer(job: BatchJob, line: Line, service: Service) -> JsonObject:
    """What the chat endpoint says; a batch is never a stream."""
    body: JsonObject = {**line.body, "stream": False}
    if job.model:
        body["model"] = job.model
    found = find_route("POST", CHAT)
    assert found is not None
    request = SimRequest("POST", CHAT, {}, encode(body))
    digest = request.digest()
    try:
        response = found[0].answer(Exchange(request, service, digest))
        status, payload = response.status, decode(response.content())
    except Refusal as refused:
        if isinstance(refused, Unanswered):
            service.unanswered(refused.message)
        status, payload = refused.status, refused.payload
    except ValueError:
        broken: JsonObject = {"code": 50507, "message": "Request failed: Unknown error."}
        status, payload = 500, broken
    return {"status_code": status, "request_id": f"ti_{digest[:20]}", "body": payload}
