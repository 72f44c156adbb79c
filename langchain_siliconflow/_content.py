"""Content blocks of user messages, in the dialects people bring, as SiliconFlow's native parts.

Understood are LangChain's standard blocks (v1 and v0), OpenAI's parts (chat and responses),
Anthropic's blocks and the native `image_url`, `video_url`, `audio_url`. A PDF travels as
`image_url`, which is how DeepSeek-OCR takes it. URLs are passed on and never fetched.
Anything else raises an error that names the block.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siliconflow_client import ContentPart

Medium: TypeAlias = Literal["image", "video", "audio"]
Block: TypeAlias = "Mapping[str, Any]"
"""A block as LangChain hands it over: any dictionary, its shape is what we find out here."""

_MEDIA: Final = frozenset({"image", "video", "audio"})
_NATIVE: Final = frozenset({"image_url", "video_url", "audio_url"})
_TEXT: Final = frozenset({"text", "input_text", "output_text"})
_OPTIONS: Final = ("detail", "max_frames", "fps")


def as_block(value: object) -> dict[str, Any]:
    """Give a dictionary as it is, and an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def unsupported(block: Block | str, role: str, why: str = "") -> ConfigurationError:
    """Name the block that has no place in a message of this role."""
    kind = "text" if isinstance(block, str) else block.get("type")
    reason = f": {why}" if why else ""
    return ConfigurationError(
        f"content block of type {kind!r} cannot be sent as {role} content{reason}",
        argument="messages",
    )


def to_parts(content: Sequence[str | Block], role: str = "user") -> list[ContentPart]:
    """Turn a message's content list into native parts."""
    return [to_part(block, role) for block in content]


def to_part(block: str | Block, role: str = "user") -> ContentPart:
    """Turn one block into a native part.

    Raises:
        ConfigurationError: The block's type, or the way it points at its data, is not
            something that the API takes.
    """
    if isinstance(block, str):
        return {"type": "text", "text": block}
    kind = block.get("type")
    if not isinstance(kind, str):
        raise unsupported(block, role)
    if _is_text(block):
        return {"type": "text", "text": block["text"]}
    if kind in _NATIVE:
        return _native(block, role)
    if kind in _MEDIA:
        return _part(cast("Medium", kind), _url_of(block, role), _options_of(block))
    if kind == "input_audio":
        return _input_audio(block, role)
    if kind == "input_image":
        return _part("image", _url_of({**block, "url": block.get("image_url")}, role), block)
    if kind in ("file", "document", "input_file"):
        return _file(block, role)
    if kind == "text-plain":
        return _plain_text(block, role)
    if kind == "non_standard" and as_block(block.get("value")):
        return to_part(as_block(block["value"]), role)
    raise unsupported(block, role)


def _is_text(block: Block) -> bool:
    kind = block.get("type")
    return isinstance(kind, str) and kind in _TEXT and isinstance(block.get("text"), str)


def plain_text(content: Sequence[str | Block]) -> str | None:
    """Join blocks of text by line, or return `None` when there is anything else.

    Lines, because that is what the vLLM back end does with text parts for a text model.
    """
    texts: list[str] = []
    for block in content:
        if isinstance(block, str):
            texts.append(block)
        elif _is_text(block):
            texts.append(block["text"])
        else:
            return None
    return "\n".join(texts)


def _part(medium: Medium, url: str, options: Block) -> ContentPart:
    body: dict[str, Any] = {"url": url}
    body.update({name: options[name] for name in _OPTIONS if options.get(name) is not None})
    key = f"{medium}_url"
    return cast("ContentPart", {"type": key, key: body})


def _native(block: Block, role: str) -> ContentPart:
    kind = str(block["type"])
    body = block.get(kind)
    medium = cast("Medium", kind.removesuffix("_url"))
    if isinstance(body, str):
        return _part(medium, body, block)
    inner = as_block(body)
    if not isinstance(inner.get("url"), str):
        raise unsupported(block, role, f"{kind!r} must be a URL or an object with a `url`")
    options = {name: block[name] for name in _OPTIONS if block.get(name) is not None}
    return cast("ContentPart", {"type": kind, kind: {**options, **inner}})


def _options_of(block: Block) -> dict[str, Any]:
    """`detail`, `fps`, `max_frames`: beside the URL, or in the block's `extras`."""
    return {**block, **as_block(block.get("metadata")), **as_block(block.get("extras"))}


def _url_of(block: Block, role: str) -> str:
    source = as_block(block.get("source"))
    if source:  # Anthropic
        if source.get("type") == "url" and isinstance(source.get("url"), str):
            return str(source["url"])
        if source.get("type") == "base64":
            return _data_uri(source.get("media_type"), source.get("data"), block, role)
        raise unsupported(block, role, f"source of type {source.get('type')!r}")
    if isinstance(block.get("url"), str):
        return str(block["url"])
    data = block.get("base64") or (
        block.get("data") if block.get("source_type") == "base64" else None
    )
    if data is not None:
        return _data_uri(block.get("mime_type"), data, block, role)
    if block.get("file_id") is not None or block.get("source_type") == "id":
        raise unsupported(block, role, "the API has no stored files; give a URL or base64 data")
    raise unsupported(block, role, "it has neither `url` nor `base64`")


def _data_uri(mime_type: object, data: object, block: Block, role: str) -> str:
    if not isinstance(data, str) or not isinstance(mime_type, str) or not mime_type:
        raise unsupported(block, role, "base64 data needs a `mime_type`")
    return f"data:{mime_type};base64,{data}"


def _input_audio(block: Block, role: str) -> ContentPart:
    audio = as_block(block.get("input_audio"))
    if not isinstance(audio.get("format"), str):
        raise unsupported(block, role, "`input_audio` needs `data` and `format`")
    return _part("audio", _data_uri(f"audio/{audio['format']}", audio.get("data"), block, role), {})


def _file(block: Block, role: str) -> ContentPart:
    """A file is sent as what its MIME type says it is."""
    inner, source = as_block(block.get("file")), as_block(block.get("source"))
    if inner:  # OpenAI chat
        if not isinstance(inner.get("file_data"), str):
            raise unsupported(block, role, "the API has no stored files; give a URL or base64 data")
        url = str(inner["file_data"])
    elif isinstance(block.get("file_data") or block.get("file_url"), str):  # OpenAI responses
        url = str(block.get("file_data") or block.get("file_url"))
    elif source.get("type") == "text":  # Anthropic document
        return {"type": "text", "text": str(source.get("data", ""))}
    elif source.get("type") == "content":
        return {"type": "text", "text": _text_of_document(source.get("content"), block, role)}
    elif isinstance(block.get("text"), str):
        return {"type": "text", "text": block["text"]}
    else:
        url = _url_of(block, role)
    mime_type = block.get("mime_type") or _mime_type_of(url)
    if str(mime_type).startswith("text/") and url.startswith("data:"):
        return {"type": "text", "text": _decoded(url.partition(",")[2], block, role)}
    family = str(mime_type).partition("/")[0]
    if mime_type == "application/pdf":
        return _part("image", url, _options_of(block))
    if family in _MEDIA:
        return _part(cast("Medium", family), url, _options_of(block))
    raise unsupported(block, role, f"MIME type {mime_type!r} is none that the API reads")


def _mime_type_of(url: str) -> str | None:
    if url.startswith("data:"):
        return url[5:].partition(";")[0].partition(",")[0]
    return "application/pdf" if url.partition("?")[0].lower().endswith(".pdf") else None


def _plain_text(block: Block, role: str) -> ContentPart:
    if isinstance(block.get("text"), str):
        return {"type": "text", "text": block["text"]}
    if isinstance(block.get("base64"), str):
        return {"type": "text", "text": _decoded(block["base64"], block, role)}
    raise unsupported(block, role, "only its text can be sent, and it holds none")


def _decoded(data: str, block: Block, role: str) -> str:
    try:
        return base64.b64decode(data).decode()
    except ValueError as error:
        raise unsupported(block, role, "its base64 data is not UTF-8 text") from error


def _text_of_document(content: object, block: Block, role: str) -> str:
    """Read an Anthropic document that is made of blocks."""
    if isinstance(content, str):
        return content
    text = plain_text(cast("list[str | Block]", content)) if isinstance(content, list) else None
    if text is None:
        raise unsupported(block, role, "it holds more than text")
    return text
