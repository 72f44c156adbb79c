"""The life of a batch job, as flows: written once for both clients.

The state is saved at every step boundary, so that a process may be killed at any moment and
another go on. A batch costs money, so each part has a mark in the state before its batch is
created: where the answer to a create was lost, or never seen because the process died, the
listing is searched for the batch before another is created.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from siliconflow_client.bulk.batch_job_progress import Watching
from siliconflow_client.bulk.batch_job_results import check_results, used_tokens
from siliconflow_client.bulk.batch_job_state import (
    FileKind,
    JobFiles,
    JobState,
    Part,
    on_disk,
    private,
    replacing,
)
from siliconflow_client.endpoints.batch_lines import LineUsage
from siliconflow_client.endpoints.batches import (
    Batch,
    batches_listing,
    cancel_call,
    create_call,
    retrieve_call,
)
from siliconflow_client.endpoints.files import content_request, content_stream, upload_call
from siliconflow_client.endpoints.pages import Page
from siliconflow_client.errors.tree import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    SiliconFlowError,
)
from siliconflow_client.protocol.actions import Drop, Elapsed, Flow, Wait
from siliconflow_client.protocol.context import RequestContext
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.requests import Request

SETTLING = 5.0
"""Seconds after which a batch whose creation was not answered should be in the listing."""

_PAGE = 20
"""Entries of a page of the listing, as in the batch guide's sample."""

_LOST_POLLS = 10
"""Failed looks in a row after which waiting gives up."""

_LINES_A_TURN = 200

_EMPTY_LOOKS = 3
"""Looks at a completed batch that names no file yet, before that is believed."""


@dataclass(frozen=True, slots=True)
class Placing:
    """Write parts where there are any to write, then upload them and create their batches."""

    state: JobState
    files: JobFiles
    write: Callable[[], Iterator[None]] | None = None
    written: Callable[[], None] | None = None

    def flow(self, context: RequestContext) -> Flow[None]:
        """Go on where the state says; nothing is left to do for a part that has its batch."""
        with self.files.alone():
            if self.write is not None and self.written is not None:
                for _ in self.write():
                    yield Wait(0)  # others of this event loop have a turn
                self.written()
                self.files.save(self.state)
            else:
                self.files.refresh(self.state)  # another call may just have sent it
            for part in self.state.parts:
                if not (part.batch_id or part.is_fetched):
                    yield from self._place(part, context)

    def _place(self, part: Part, context: RequestContext) -> Flow[None]:
        if not part.input_file_id:
            part.input_file_id = yield from _uploaded(part, self.state, self.files, context)
            self.files.save(self.state)
        batch: Batch | None = None
        if part.is_creating:
            batch = yield from find_batch(part, self.state, context)
        else:
            part.is_creating = True
            self.files.save(self.state)
        if batch is None:
            batch = yield from self._created(part, context)
        _note(part, batch)
        self.files.save(self.state)

    def _created(self, part: Part, context: RequestContext) -> Flow[Batch]:
        state = self.state
        metadata = {**state.metadata, "run": state.run, "part": str(part.number)}
        create = create_call(part.input_file_id, state.completion_window, metadata)
        attempts = 0
        while True:
            attempts += 1
            try:
                return (yield from create.flow(context))
            except SiliconFlowError as error:
                if not may_have_arrived(error):
                    part.is_creating = False
                    self.files.save(state)
                    raise
                failure = error
            yield Drop()
            found = yield from find_batch(part, state, context)
            if found is not None:
                return found
            if attempts > context.policy.max_retries:
                raise failure


def may_have_arrived(error: SiliconFlowError) -> bool:
    """Whether a request that failed so may have been carried out all the same."""
    if isinstance(error, APIConnectionError):
        return not error.never_sent
    if isinstance(error, APIStatusError):
        return error.status_code >= 500 or error.status_code in (408, 409, 499)
    return isinstance(error, APIResponseError)


def _uploaded(part: Part, state: JobState, files: JobFiles, context: RequestContext) -> Flow[str]:
    """Upload a part's requests; again where the answer was lost, for files cost nothing."""
    attempts = 0
    name = f"{state.run}-{part.number:05}.jsonl"
    upload = upload_call(files.part(part, "in"), "batch", name)
    while True:
        attempts += 1
        try:
            file = yield from upload.flow(context)
        except SiliconFlowError as error:
            if attempts > context.policy.max_retries or not may_have_arrived(error):
                raise
            failure = error
        else:
            if file.id:
                return file.id
            raise APIResponseError(
                "The uploaded file came without an id.", host=context.host, body=file.raw
            )
        yield Drop()
        yield Wait(context.jitter() * SETTLING, failure)


def find_batch(part: Part, state: JobState, context: RequestContext) -> Flow[Batch | None]:
    """Look for a part's batch in the listing, twice, since it may take a moment to be there.

    No source says that listings echo metadata (docs/wire.md#unsettled-points), so the input file,
    which no other batch has, is looked for as well.
    """
    for _ in range(2):
        yield Wait(SETTLING)
        listing, seen = batches_listing(None, _PAGE), set[str]()
        turned: Call[Page[Batch]] | None = listing.page()
        while turned is not None:
            page = yield from turned.flow(context)
            for batch in page.data:
                told = batch.metadata
                named = told.get("run") == state.run and told.get("part") == str(part.number)
                if batch.id and (named or batch.input_file_id == part.input_file_id):
                    return batch
            turned = listing.following(page, seen)
    return None


def _note(part: Part, batch: Batch) -> None:
    part.batch_id = batch.id
    part.is_creating = False
    part.status = batch.status
    if batch.request_counts is not None:
        part.completed, part.failed = batch.request_counts.completed, batch.request_counts.failed
    if batch.status == "failed":
        part.errors = batch.raw.get("errors")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Place what is not placed, then look at the batches until all results are here.

    Attributes:
        state: The job's.
        files: Where it is kept.
        watching: Told after each round of looks.
        poll: Seconds between the rounds.
        deadline: Seconds after which to give up; `None` for none.
    """

    state: JobState
    files: JobFiles
    watching: Watching
    poll: float
    deadline: float | None

    def flow(self, context: RequestContext) -> Flow[None]:
        """Wait; the state is saved whenever a batch has changed."""
        yield from Placing(self.state, self.files).flow(context)
        with self.watching:
            yield from self._until_ended(context)

    def _until_ended(self, context: RequestContext) -> Flow[None]:
        lost = 0
        empty: dict[int, int] = {}
        while True:
            failure: SiliconFlowError | None = None
            for part in self.state.parts:
                if part.is_fetched:
                    continue
                try:
                    yield from self._look(part, empty, context)
                except SiliconFlowError as error:
                    if not error.is_retryable or lost >= _LOST_POLLS:
                        raise
                    failure = error
                    yield Drop()
            lost = lost + 1 if failure is not None else 0
            self.watching.look()
            if all(part.is_fetched for part in self.state.parts):
                return
            if self.deadline is not None:
                elapsed = yield Elapsed()
                assert isinstance(elapsed, float)
                if elapsed + self.poll > self.deadline:
                    raise self._too_late(context)
            yield Wait(self.poll, failure)

    def _look(self, part: Part, empty: dict[int, int], context: RequestContext) -> Flow[None]:
        batch = yield from retrieve_call(part.batch_id).flow(context)
        before = part.status
        _note(part, batch)
        if not batch.has_ended:
            if part.status != before:
                self.files.save(self.state)
            return
        named: list[tuple[FileKind, str]] = [
            ("out", batch.output_file_id),
            ("err", batch.error_file_id),
        ]
        if batch.status == "completed" and not any(name for _, name in named):
            empty[part.number] = empty.get(part.number, 0) + 1
            if empty[part.number] < _EMPTY_LOOKS:
                return
        for kind, name in named:
            if name:
                yield from self._fetched(part, kind, name, context)
        told = yield from self._used(part, context)
        part.is_fetched = True
        self.files.save(self.state)
        # Once: who resumes the job finds the part fetched. In one go, so that nobody leaves midway.
        for line in told:
            _tell(line, part, context)

    def _used(self, part: Part, context: RequestContext) -> Flow[list[LineUsage]]:
        """The tokens of a part's answers, where anybody is told of them."""
        found: list[LineUsage] = []
        if context.observer is None:
            return found
        for number, told in enumerate(used_tokens(self.state, self.files, part), start=1):
            if told is not None:
                found.append(told)
            if number % _LINES_A_TURN == 0:
                yield Wait(0)  # others of this event loop have a turn
        return found

    def _fetched(
        self, part: Part, kind: FileKind, name: str, context: RequestContext
    ) -> Flow[None]:
        """Download a file under another name, and move it when it is whole."""
        path = self.files.part(part, kind)
        request = content_request(name, output_urls=self.state.output_urls)
        with replacing(path) as temporary:
            with on_disk():
                file = private(temporary)
            with file:
                begin = partial(_emptied, file)
                yield from content_stream(request).received(context, begin)
            check_results(temporary, self.state, request.target(context.host))

    def _too_late(self, context: RequestContext) -> APITimeoutError:
        return APITimeoutError(
            f"Timed out: the batches have not ended within {self.deadline:g} s.",
            phase="deadline",
            limit=self.deadline,
            hint="they go on, and the state is saved: wait again, now or in another process.",
            host=context.host,
        )


def _tell(line: LineUsage, part: Part, context: RequestContext) -> None:
    if context.observer is not None:
        context.observer.answered(Request("GET", "/batches", model=part.model), line)


def _emptied(file: BinaryIO) -> Callable[[Sequence[bytes]], None]:
    """What an attempt's bytes are written with: those of the attempt before are forgotten."""
    with on_disk():
        file.seek(0)
        file.truncate()

    def write(pieces: Sequence[bytes]) -> None:
        with on_disk():
            file.writelines(pieces)

    return write


@dataclass(frozen=True, slots=True)
class Cancelling:
    """Ask for all batches to end; parts that have none are not begun any more."""

    state: JobState
    files: JobFiles

    def flow(self, context: RequestContext) -> Flow[None]:
        """Cancel; a batch that has ended meanwhile stays as it is."""
        for part in self.state.parts:
            if part.is_fetched:
                continue
            if not part.batch_id and part.is_creating:
                found = yield from find_batch(part, self.state, context)
                if found is not None:
                    _note(part, found)
            if not part.batch_id:
                part.status, part.is_fetched, part.is_creating = "cancelled", True, False
            else:
                try:
                    _note(part, (yield from cancel_call(part.batch_id).flow(context)))
                except APIStatusError:
                    now = yield from retrieve_call(part.batch_id).flow(context)
                    if not now.has_ended:
                        raise
                    _note(part, now)
            self.files.save(self.state)
