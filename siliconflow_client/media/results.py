"""What the media tools answer: words for the model, and the rest for the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siliconflow_client._json import JsonObject
from siliconflow_client.endpoints.transcriptions import Transcription
from siliconflow_client.endpoints.video_jobs import VideoJob, VideoStatus
from siliconflow_client.errors.redaction import printable, redact

_LONGEST_WORD: Final = 40
_LONGEST_ID: Final = 200
_LONGEST_TEXT: Final = 200_000
"""Characters of a transcription: an hour of speech has a third of it. Models pay for each."""


@dataclass(frozen=True, slots=True)
class MediaResult:
    """What a tool did; `str` of it is what the model reads.

    Attributes:
        text: What happened, in words; of a transcription, what is said.
        files: Where files were written, inside the folder.
        request_id: Of a film.
        status: The server's word for how far a film is.
        position: The film's place in the queue, or `None`.
        seed: What makes the same again, or `None`.
        trace_id: The `x-siliconcloud-trace-id` header.
    """

    text: str
    files: tuple[Path, ...] = ()
    request_id: str | None = None
    status: str | None = None
    position: int | None = None
    seed: int | None = None
    trace_id: str | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def artifact(self) -> JsonObject:
        """All but the text as plain JSON, which every checkpointer can keep.

        `files` are paths as text; what is not known is left out.
        """
        told: JsonObject = {"files": [str(path) for path in self.files]}
        for name in ("request_id", "status", "position", "seed", "trace_id"):
            value: str | int | None = getattr(self, name)
            if value is not None:
                told[name] = value
        return told


def saved(
    what: str, paths: Sequence[Path], *, seed: int | None = None, trace_id: str | None = None
) -> MediaResult:
    """Name the files that were written."""
    names = ", ".join(path.name for path in paths)
    again = "" if seed is None else f" (seed {seed})"
    return MediaResult(
        f"The {what} is saved as {names}{again}.", tuple(paths), seed=seed, trace_id=trace_id
    )


def ordered(job: VideoJob) -> MediaResult:
    """Tell a film's id."""
    request_id = printable(job.request_id[:_LONGEST_ID])
    return MediaResult(
        f"The film is ordered. Its request_id is {request_id}; it takes some minutes.",
        request_id=request_id,
        trace_id=job.trace_id,
    )


def heard(transcription: Transcription) -> MediaResult:
    """Tell what is said in a recording."""
    text = transcription.text
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}… (The rest of {len(text):,} characters is left out.)"
    return MediaResult(text or "Nothing is said in the recording.", trace_id=transcription.trace_id)


def film(request_id: str, status: VideoStatus) -> MediaResult:
    """Tell how far a film is."""
    word = redact(status.status)[:_LONGEST_WORD]
    if status.is_done:
        names = ", ".join(path.name for path in status.files)
        text = f"The film is saved as {names}."
    else:
        place = f", place {status.position} in the queue" if status.position else ""
        text = f"The film is not made yet ({word}{place}). Ask again later, with the same id."
    return MediaResult(
        text,
        tuple(status.files),
        request_id=request_id,
        status=word,
        position=status.position,
        seed=status.seed,
        trace_id=status.trace_id,
    )
