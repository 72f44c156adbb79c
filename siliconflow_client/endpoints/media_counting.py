"""What the parts of a message take of a prompt, as far as the message itself tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from siliconflow_client.catalogue.file_heads import head_of, image_size, pdf_pages, wave_seconds
from siliconflow_client.catalogue.media_tokens import (
    DEFAULT_FPS,
    DEFAULT_IMAGE_TOKENS,
    DEFAULT_MAX_FRAMES,
    DEFAULT_SECONDS,
    audio_tokens,
    image_tokens,
    pdf_tokens,
    video_tokens,
)


def media_tokens(part: Mapping[str, object], model: str) -> int:
    """Estimate the tokens of an image, a film, a sound or a PDF in a message; 0 for other parts.

    Of a data URI the first bytes tell an image's size, a PDF's pages and the length of a WAV file.
    Nothing is fetched: an image behind a URL counts 256 tokens, a PDF as one page; films, and
    sounds of unknown length, as 30 seconds, films with one frame a second and 16 at most, unless
    the part says otherwise.

    Args:
        part: As in `ContentPart`; what is wrong in it counts as if it were missing.
        model: The id of the model that is asked.
    """
    kind = part.get("type")
    body = part.get(kind) if isinstance(kind, str) else None
    if not isinstance(body, Mapping):
        return 0
    told = cast("Mapping[str, object]", body)
    url, detail = told.get("url"), told.get("detail")
    known = head_of(url) if isinstance(url, str) else None
    match kind:
        case "image_url":
            return _image(url, known, detail if isinstance(detail, str) else None, model)
        case "video_url":
            return video_tokens(
                model,
                fps=_number(told.get("fps"), DEFAULT_FPS),
                max_frames=int(_number(told.get("max_frames"), DEFAULT_MAX_FRAMES)),
            )
        case "audio_url":
            seconds = None if known is None else wave_seconds(*known)
            return audio_tokens(DEFAULT_SECONDS if seconds is None else seconds)
        case _:
            return 0


def _image(url: object, known: tuple[bytes, int] | None, detail: str | None, model: str) -> int:
    if known is None:
        path = str(url).partition("?")[0][-4:].lower()
        return pdf_tokens(model) if path == ".pdf" else DEFAULT_IMAGE_TOKENS
    pages = pdf_pages(known[0])
    if pages is not None:
        return pdf_tokens(model, pages)
    size = image_size(known[0])
    return DEFAULT_IMAGE_TOKENS if size is None else image_tokens(model, *size, detail)


def _number(value: object, default: float) -> float:
    """A count or a rate that makes sense."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        return default
    return value
