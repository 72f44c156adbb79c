"""Read a form with a file: `multipart/form-data`."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING

from siliconflow_simulator._refusals import field_required, invalid

if TYPE_CHECKING:
    from siliconflow_simulator._wire import SimRequest


@dataclass(frozen=True, slots=True)
class FormPart:
    """A field of a form; `filename` is `None` for one that is no file."""

    content: bytes = field(repr=False)
    filename: str | None


def read_form(request: SimRequest) -> dict[str, FormPart]:
    """Return the fields of a form by name.

    Raises:
        Refusal: The body is no such form.
    """
    kind = _parsed("Content-Type", request.header("content-type") or "")
    boundary = kind.get_boundary()
    if kind.get_content_type() != "multipart/form-data" or not boundary:
        raise invalid("Content-Type must be multipart/form-data.")
    mark = b"--" + boundary.encode("latin-1", "replace")
    # Each part stands between two marks, with a line end before the second.
    pieces = (b"\r\n" + request.body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise invalid("The form is cut short.")
    found: dict[str, FormPart] = {}
    for piece in pieces[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        for line in head.decode("utf-8", "replace").split("\r\n"):
            name, _, value = line.partition(":")
            if name.strip().lower() == "content-disposition":
                told = _parsed("Content-Disposition", value)
                key = told.get_param("name", header="content-disposition")
                if isinstance(key, str):
                    found[key] = FormPart(content, told.get_filename())
    return found


def required_part(form: dict[str, FormPart], name: str) -> FormPart:
    """Return a field that must be there."""
    if name not in form:
        raise field_required()
    return form[name]


def _parsed(name: str, value: str) -> Message:
    message = Message()
    message[name] = value.strip()
    return message
