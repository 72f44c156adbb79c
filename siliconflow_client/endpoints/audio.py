"""`client.audio`: what is spoken, and what is heard."""

from __future__ import annotations

from siliconflow_client.endpoints.speech import AsyncSpeechSynthesis, SpeechSynthesis
from siliconflow_client.endpoints.transcriptions import AsyncTranscriptions, Transcriptions
from siliconflow_client.protocol.groups import AsyncOpen, AsyncRun, Open, Run


class Audio:
    """Sounds (`client.audio`).

    Attributes:
        speech: Texts read aloud.
        transcriptions: Recordings written down.
    """

    def __init__(self, run: Run, open_stream: Open) -> None:
        self.speech = SpeechSynthesis(run, open_stream)
        self.transcriptions = Transcriptions(run)


class AsyncAudio:
    """The asynchronous twin of `Audio`."""

    def __init__(self, run: AsyncRun, open_stream: AsyncOpen) -> None:
        self.speech = AsyncSpeechSynthesis(run, open_stream)
        self.transcriptions = AsyncTranscriptions(run)
