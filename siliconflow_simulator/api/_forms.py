"""Read a form with files: `multipart/form-data`, RFC 7578."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING

from siliconflow_simulator._refusals import field_required, invalid

if TYPE_CHECKING:
    from siliconflow_client import JsonObject
    from siliconflow_simulator._wire import SimRequest

_LONGEST_HEAD = 4096
"""Bytes of a part's headers that are looked at."""


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file of a form."""

    filename: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """Fields by name, as in a JSON body; files by name."""

    fields: JsonObject = field(repr=False)
    files: dict[str, FormFile]

    def file(self, name: str) -> FormFile:
        """Return a file that must be there."""
        if name not in self.files:
            raise field_required()
        return self.files[name]


def is_form(request: SimRequest) -> bool:
    """Tell whether a body is a form."""
    return _content_type(request).get_content_type() == "multipart/form-data"


def read_form(request: SimRequest) -> Form:
    """Parse a form.

    Raises:
        Refusal: The body is none.
    """
    boundary = _content_type(request).get_boundary()
    if not is_form(request) or not boundary:
        raise invalid("Content-Type must be multipart/form-data.")
    mark = b"--" + boundary.encode("latin-1", "replace")
    # Each part stands between two marks, with a line end before the second.
    pieces = (b"\r\n" + request.body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise invalid("The form is cut short.")
    fields: JsonObject = {}
    files: dict[str, FormFile] = {}
    for piece in pieces[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        told = _disposition(head)
        if told is None:
            continue
        try:
            name = told.get_param("name", header="content-disposition")
            filename = told.get_filename()
        except TypeError:  # the email package, where parts of a parameter contradict each other
            raise invalid("The form has a part that cannot be read.") from None
        if not isinstance(name, str):
            continue
        if filename is None:
            fields[name] = content.decode("utf-8", "replace")
        else:
            files[name] = FormFile(filename, content)
    return Form(fields, files)


def _disposition(head: bytes) -> Message | None:
    for line in head[:_LONGEST_HEAD].decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return _parsed("Content-Disposition", value)
    return None


def _content_type(request: SimRequest) -> Message:
    return _parsed("Content-Type", request.header("content-type") or "")


def _parsed(name: str, value: str) -> Message:
    message = Message()
    message[name] = value.strip()
    return message
