"""What a conversation holds that this API has no place for, in words.

A history was often begun by another provider, a tool or a checkpoint. Raising there would end the
conversation for good, so text is kept, the rest is left out or described, and one warning a kind
tells the log.
"""

from __future__ import annotations

import json
import logging
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from langchain_siliconflow._content import as_block

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from siliconflow_client import ContentPart

logger = logging.getLogger("siliconflow")

_MEDIUM_OF: Final = {
    "audio": "audio",
    "audio_url": "audio",
    "document": "file",
    "file": "file",
    "image": "image",
    "image_generation_call": "image",
    "image_url": "image",
    "input_audio": "audio",
    "input_file": "file",
    "input_image": "image",
    "media": "media",
    "video": "video",
    "video_url": "video",
}
# Keys under which providers keep what a reader would read, and those that hold more of it.
# Not among them: ids, encrypted and base64 data, and what was asked of a tool.
_TEXT: Final = frozenset(
    "code code_execution_result executable_code logs output stderr stdout text title transcript "
    "url".split()
)
_NESTED: Final = frozenset("args content input output outputs results source value".split())
_OF_MEDIA: Final = frozenset({"revised_prompt", "text", "transcript"})
_DEEPEST: Final = 12
_LONGEST_KIND: Final = 40
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str)
_NO_PLACE: Final = "this API has no place for it"


@lru_cache(maxsize=256)
def warn_once(kind: str) -> None:
    """Tell the log, once a process, that something of this kind is not sent as it is."""
    logger.warning(
        "%s in the history has no form in SiliconFlow's API: its text is kept, the rest is left "
        "out or described. This is said once.",
        kind,
    )


def kind_of(block: Mapping[str, Any]) -> str:
    """Name a block's type, fit for a log: printable, and not long."""
    kind = block.get("type")
    if not isinstance(kind, str):
        return "block"
    shown = "".join(character for character in kind[:_LONGEST_KIND] if character.isprintable())
    return shown or "block"


def medium_of(block: object) -> str | None:
    """Name the medium a block carries (image, audio, video, file, ...), or `None`."""
    kind = as_block(block).get("type")
    return _MEDIUM_OF.get(kind) if isinstance(kind, str) else None


def medium_of_part(part: ContentPart) -> str:
    """Name the medium of a native part; a PDF travels as an image."""
    if part["type"] == "text":
        return "text"
    body = as_block(cast("object", part)).get(part["type"])
    url = str(as_block(body).get("url"))
    path = url.partition("?")[0]
    if url.startswith("data:application/pdf") or path.lower().endswith(".pdf"):
        return "pdf"
    return part["type"].removesuffix("_url")


def omitted(what: str, why: str = _NO_PLACE) -> str:
    """Say that something stood here."""
    return f"[{what} omitted: {why}]"


def in_words(block: Mapping[str, Any], why: str = _NO_PLACE) -> str:
    """Give the text inside a block; a medium is named, and nothing is left of what has neither."""
    warn_once(kind_of(block))
    return "\n".join(_words(block, why, _DEEPEST))


def _words(value: object, why: str, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    if isinstance(value, list):
        for item in cast("list[object]", value):
            if isinstance(item, str):
                yield item
            else:
                yield from _words(item, why, depth - 1)
        return
    block = as_block(value)
    medium = medium_of(block)
    if medium is not None:
        yield omitted(medium, why)
    keys = _TEXT if medium is None else _OF_MEDIA
    for key, inner in block.items():
        if key in keys and isinstance(inner, str):
            # A URL that is the data itself is no text.
            if inner.strip() and not inner.startswith("data:"):
                yield inner
        elif key in _NESTED and medium is None and isinstance(inner, dict | list):
            yield from _words(cast("object", inner), why, depth - 1)


def readable(text: str) -> str:
    """Replace halves of characters, which UTF-8 cannot write; anything else stays."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def json_text(value: object) -> str:
    """Write a value as JSON, whatever it holds: dates and the like as text."""
    try:
        text = _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError):
        # Keys that are no text, numbers that are none, or a circle.
        text = json.dumps(_written(value, _DEEPEST), ensure_ascii=False)
    return readable(text)


def _written(value: object, depth: int) -> object:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth == 0:
        return "..."
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        return {str(key): _written(inner, depth - 1) for key, inner in items}
    if isinstance(value, list | tuple):
        return [_written(inner, depth - 1) for inner in cast("list[object]", value)]
    return str(value)
