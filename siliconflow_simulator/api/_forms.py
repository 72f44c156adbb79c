"""Read a form with files (multipart/form-data, RFC 7578)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from siliconflow_simulator._refusals import generic_invalid

if TYPE_CHECKING:
    from siliconflow_client import JsonObject
    from siliconflow_simulator._wire import SimRequest

_BOUNDARY: Final = re.compile(r'boundary="?([^";]{1,200})', re.IGNORECASE)
_NAME: Final = re.compile(r'[; ]name="([^"]{1,200})"')
_FILENAME: Final = re.compile(r'filename="([^"]{0,500})"')
_LONGEST_HEAD: Final = 4096


@dataclass(frozen=True, slots=True)
class Form:
    """Fields by name; files by name, as filename and bytes."""

    fields: JsonObject
    files: dict[str, tuple[str, bytes]]


def is_form(request: SimRequest) -> bool:
    """Tell whether a body is a form."""
    return (request.header("content-type") or "").lower().startswith("multipart/form-data")


def read_form(request: SimRequest) -> Form:
    """Parse a form.

    Raises:
        Refusal: It is none.
    """
    boundary = _BOUNDARY.search(request.header("content-type") or "")
    if boundary is None or not is_form(request):
        raise generic_invalid()
    fields: JsonObject = {}
    files: dict[str, tuple[str, bytes]] = {}
    for part in (b"\r\n" + request.body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, separator, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        said = head[:_LONGEST_HEAD].decode("utf-8", "replace")
        name = _NAME.search(said)
        if not separator or name is None:
            raise generic_invalid()
        filename = _FILENAME.search(said)
        if filename is None:
            fields[name[1]] = content.decode("utf-8", "replace")
        else:
            files[name[1]] = (filename[1], content)
    return Form(fields, files)
