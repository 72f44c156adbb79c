"""What stands in a history, as text and parts that the API takes; nothing here raises. Pure.

A history was often written by another provider, a tool or a checkpoint, and an error for it would
come back at every later turn. What the API has no place for is described in words or left out, and
the text in it is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never

from llama_index.core.base.llms.types import (
    AudioBlock,
    CachePoint,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from llama_index_siliconflow._arguments import dump_arguments
from llama_index_siliconflow._media import (
    audio_part,
    document_text,
    image_part,
    pdf_part,
    video_part,
)
from siliconflow_client import ConfigurationError, lookup_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llama_index.core.base.llms.types import ChatMessage, ContentBlock

    from siliconflow_client import ContentPart, Message

Place: TypeAlias = Literal["system", "user", "assistant", "tool"]
_Kind: TypeAlias = Literal["image", "video", "audio", "pdf"]

_ARTICLES: Final[dict[Place, str]] = {
    "system": "a system message",
    "user": "a user message",
    "assistant": "an assistant message",
    "tool": "a tool result",
}
_KNOWN_BLOCKS: Final = frozenset(
    "text cache image video audio document citable citation thinking tool_call".split()
)


class History:
    """Reads the turns of one history, for one model.

    Attributes:
        notes: What was left out or described, one sentence a kind, without text of the turns.
    """

    __slots__ = ("_facts", "_moved", "notes")

    def __init__(self, model: str) -> None:
        self._facts = lookup_model(model)
        self._moved: list[ContentPart] = []
        self.notes: dict[str, None] = {}

    def note(self, sentence: str) -> None:
        """Note a kind of thing once."""
        self.notes[sentence] = None

    def content(self, message: ChatMessage, place: Place) -> str | list[ContentPart]:
        """Read a spoken turn: a plain string as long as there is only text."""
        parts = self._parts(message.blocks, place)
        frames = message.additional_kwargs.get("max_frames")
        for part in parts:
            if part["type"] == "video_url" and isinstance(frames, int):
                part["video_url"]["max_frames"] = frames
        texts = [part["text"] for part in parts if part["type"] == "text"]
        return "\n".join(texts) if len(texts) == len(parts) else parts

    def text(self, blocks: Sequence[ContentBlock], place: Place) -> str:
        """Read the blocks of a turn that may hold only text.

        Pictures of a tool result are kept for `moved` if the model can see them.
        """
        texts: list[str] = []
        for part in self._parts(blocks, place):
            if part["type"] == "text":
                texts.append(part["text"])
                continue
            self._moved.append(part)
            what = part["type"].removesuffix("_url")
            texts.append(f"[{what}: see the message after the tool results]")
            self.note(f"{what} content of a tool result is sent in a user message after it")
        return "\n".join(texts)

    def moved(self) -> Message | None:
        """Make the user message with the pictures of the tool results so far, if there are any."""
        if not self._moved:
            return None
        parts, self._moved = self._moved, []
        return {
            "role": "user",
            "content": [{"type": "text", "text": "From the tool results above:"}, *parts],
        }

    def _parts(self, blocks: Sequence[ContentBlock], place: Place) -> list[ContentPart]:
        return [part for block in blocks for part in self._block(block, place)]

    def _block(self, block: ContentBlock, place: Place) -> list[ContentPart]:
        where = _ARTICLES[place]
        if block.block_type not in _KNOWN_BLOCKS:  # brought by a later LlamaIndex
            self.note(f"{block.block_type} content of {where} was left out: it is not known")
            return self._said(f"[{block.block_type} omitted]")
        parts: list[ContentPart] = []
        match block:
            case TextBlock():
                parts = self._said(block.text or "")
            case CachePoint():  # SiliconFlow caches prompts by itself
                pass
            case ImageBlock():
                parts = [self._media("image", lambda: image_part(block), place)]
            case VideoBlock():
                parts = [self._media("video", lambda: video_part(block), place)]
            case AudioBlock():
                parts = [self._media("audio", lambda: audio_part(block), place)]
            case DocumentBlock():
                parts = [self._document(block, place)]
            case CitableBlock():
                self.note(f"a CitableBlock in {where} is sent as what it holds")
                parts = self._parts(block.content, place)
            case CitationBlock():
                self.note(f"a CitationBlock in {where} is sent as what it holds")
                parts = self._parts([block.cited_content], place)
            case ThinkingBlock():
                self.note(f"thinking in {where} was left out")
            case ToolCallBlock():
                self.note(f"a tool call in {where} is described in words")
                kwargs = block.tool_kwargs
                arguments = kwargs if isinstance(kwargs, str) else dump_arguments(kwargs)
                parts = self._said(f"[tool call: {block.tool_name} {arguments}]")
            case _:
                assert_never(block)
        return parts

    def _said(self, text: str) -> list[ContentPart]:
        return [{"type": "text", "text": self.clean(text)}]

    def clean(self, text: str) -> str:
        """Replace halves of characters, such as names of files hold; no JSON can."""
        try:
            text.encode()
        except UnicodeEncodeError:
            self.note("characters that are not valid Unicode were replaced")
            return text.encode("utf-8", "replace").decode()
        return text

    def _document(self, block: DocumentBlock, place: Place) -> ContentPart:
        text = document_text(block, guess=True)
        if text is None:
            return self._media("pdf", lambda: pdf_part(block), place)
        self.note("plain-text documents are sent as their text")
        return {"type": "text", "text": self.clean(text)}

    def _media(self, kind: _Kind, make: Callable[[], ContentPart], place: Place) -> ContentPart:
        why = self._objection(kind, place)
        if why is None:
            try:
                return make()
            except ConfigurationError:
                why = "it cannot be read"
        what = "document" if kind == "pdf" else kind
        self.note(f"{what} content of {_ARTICLES[place]} was left out: {why}")
        return {"type": "text", "text": f"[{what} omitted: {why}]"}

    def _objection(self, kind: _Kind, place: Place) -> str | None:
        inputs = self._facts.inputs
        match place:
            case "system" | "assistant":
                return f"{_ARTICLES[place]} holds text only"
            case "user" if kind != "pdf" and not self._facts.known:
                return None  # nothing is known against it
            case _:
                return None if kind in inputs else "the model does not take it"
