"""A sound as it comes: iterate, write to a file, close."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from siliconflow_client.errors.response import Target
from siliconflow_client.errors.tree import StreamInterruptedError
from siliconflow_client.protocol.decoders import Partial
from siliconflow_client.protocol.files import FileSink
from siliconflow_client.protocol.groups import AsyncItems, Items


class SoundDecoder:
    """Hands bytes on as they come."""

    is_complete = False
    partial = Partial()

    def __init__(self, target: Target) -> None:
        self._target = target
        self._came = False

    def feed(self, piece: bytes, out: list[bytes]) -> None:
        """Take the next bytes."""
        if piece:
            self._came = True
            out.append(piece)

    def finish(self, out: list[bytes]) -> None:
        """Check that something came."""
        del out
        if not self._came:
            raise StreamInterruptedError("The sound has no bytes.", host=self._target.host)


class SpeechStream(Iterator[bytes]):
    """A sound as it comes; nothing is sent before it is read.

    Close it (`with stream:` or `close()`) when leaving early: the connection is given back.

    Raises:
        SiliconFlowError: While iterating; see `siliconflow_client.errors`.
    """

    def __init__(self, items: Items[bytes]) -> None:
        self._stream = items
        self._pieces = iter(items)

    def __next__(self) -> bytes:
        return next(self._pieces)

    def iter_bytes(self) -> Iterator[bytes]:
        """The pieces, under the name that the `openai` SDK gives them."""
        return self._pieces

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the sound to a file while it comes; the file appears whole or not at all.

        Raises:
            ConfigurationError: It cannot be written there.
            StreamInterruptedError: The sound broke off; no file is left.
        """
        with self, FileSink(path) as sink:
            for piece in self._pieces:
                sink.write(piece)
            return sink.commit()

    stream_to_file = save

    @property
    def trace_id(self) -> str | None:
        """The `x-siliconcloud-trace-id` header, once the answer has begun."""
        return self._stream.trace_id

    def close(self) -> None:
        """Stop, and give the connection back; harmless when already done."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncSpeechStream(AsyncIterator[bytes]):
    """The asynchronous twin of `SpeechStream`: `async for`, `async with`, `await …save(path)`."""

    def __init__(self, items: AsyncItems[bytes]) -> None:
        self._stream = items
        self._pieces = aiter(items)

    async def __anext__(self) -> bytes:
        return await anext(self._pieces)

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """As `SpeechStream.iter_bytes`."""
        return self._pieces

    async def save(self, path: str | os.PathLike[str]) -> Path:
        """As `SpeechStream.save`."""
        async with self:
            with FileSink(path) as sink:
                async for piece in self._pieces:
                    sink.write(piece)
                return sink.commit()

    stream_to_file = save

    @property
    def trace_id(self) -> str | None:
        """The `x-siliconcloud-trace-id` header, once the answer has begun."""
        return self._stream.trace_id

    async def aclose(self) -> None:
        """Stop, and give the connection back; harmless when already done."""
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
