"""The groups of the API beside chat, embeddings and rerank: `client.images` and its like.

They are imported when they are asked for: most programs never use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from siliconflow_client._async_many import AsyncManyCalls
from siliconflow_client._lazy import LazyModule
from siliconflow_client._many import ManyCalls
from siliconflow_client.protocol.context import StreamPlan
from siliconflow_client.protocol.groups import AsyncItems, Items
from siliconflow_client.protocol.options import CallOptions

if TYPE_CHECKING:
    from siliconflow_client.bulk import batch_job_site as _job_site
    from siliconflow_client.bulk import batch_job_submit as _jobs
    from siliconflow_client.endpoints import audio as _audio
    from siliconflow_client.endpoints import files as _files
    from siliconflow_client.endpoints import images as _images
    from siliconflow_client.endpoints import messages as _messages
    from siliconflow_client.endpoints import user as _user
    from siliconflow_client.endpoints import videos as _videos
    from siliconflow_client.endpoints import voices as _voices
    from siliconflow_client.media import settings as _media_settings
    from siliconflow_client.media import tools as _media
else:
    _job_site = LazyModule("siliconflow_client.bulk.batch_job_site")
    _jobs = LazyModule("siliconflow_client.bulk.batch_job_submit")
    _audio = LazyModule("siliconflow_client.endpoints.audio")
    _files = LazyModule("siliconflow_client.endpoints.files")
    _images = LazyModule("siliconflow_client.endpoints.images")
    _messages = LazyModule("siliconflow_client.endpoints.messages")
    _user = LazyModule("siliconflow_client.endpoints.user")
    _videos = LazyModule("siliconflow_client.endpoints.videos")
    _voices = LazyModule("siliconflow_client.endpoints.voices")
    _media = LazyModule("siliconflow_client.media.tools")
    _media_settings = LazyModule("siliconflow_client.media.settings")

D = TypeVar("D")


class Groups(ManyCalls):
    """The groups of `SiliconFlowClient`."""

    @property
    def batches(self) -> _jobs.Batches:
        """Chat requests that are answered within days."""
        site = _job_site.JobSite.of(self._host, self.config)
        return _jobs.Batches(self._call, self._items, site)

    @property
    def files(self) -> _files.Files:
        """The files of batches."""
        return _files.Files(self._call, self._items)

    @property
    def messages(self) -> _messages.Messages:
        """Chat in Anthropic's form."""
        return _messages.Messages(self._call, self._items)

    @property
    def user(self) -> _user.User:
        """The account behind the key."""
        return _user.User(self._call)

    @property
    def images(self) -> _images.Images:
        """Images from words, and from other images."""
        return _images.Images(self._call)

    @property
    def videos(self) -> _videos.Videos:
        """Films from words, and from images."""
        return _videos.Videos(self._call)

    @property
    def audio(self) -> _audio.Audio:
        """Texts read aloud, and recordings written down."""
        return _audio.Audio(self._call, self._items)

    @property
    def voices(self) -> _voices.Voices:
        """The account's own voices."""
        return _voices.Voices(self._call)

    def media_tools(
        self, settings: _media_settings.MediaSettings, *, options: CallOptions | None = None
    ) -> _media.MediaTools:
        """What an agent may do with images, films and sounds, inside one folder.

        Args:
            settings: The folder, the longest wait, and who makes what.
            options: Time limits, retries and headers of each call of a tool.
        """
        bounded = _media.bounded(settings, options, self.config.deadline)
        return _media.MediaTools(self._call, settings, bounded)

    def _items(self, plan: StreamPlan[D], options: CallOptions | None) -> Items[D]:
        raise NotImplementedError("the client opens streams")


class AsyncGroups(AsyncManyCalls):
    """The groups of `AsyncSiliconFlowClient`."""

    @property
    def batches(self) -> _jobs.AsyncBatches:
        """Chat requests that are answered within days."""
        site = _job_site.JobSite.of(self._host, self.config)
        return _jobs.AsyncBatches(self._call, self._items, site)

    @property
    def files(self) -> _files.AsyncFiles:
        """The files of batches."""
        return _files.AsyncFiles(self._call, self._items)

    @property
    def messages(self) -> _messages.AsyncMessages:
        """Chat in Anthropic's form."""
        return _messages.AsyncMessages(self._call, self._items)

    @property
    def user(self) -> _user.AsyncUser:
        """The account behind the key."""
        return _user.AsyncUser(self._call)

    @property
    def images(self) -> _images.AsyncImages:
        """Images from words, and from other images."""
        return _images.AsyncImages(self._call)

    @property
    def videos(self) -> _videos.AsyncVideos:
        """Films from words, and from images."""
        return _videos.AsyncVideos(self._call)

    @property
    def audio(self) -> _audio.AsyncAudio:
        """Texts read aloud, and recordings written down."""
        return _audio.AsyncAudio(self._call, self._items)

    @property
    def voices(self) -> _voices.AsyncVoices:
        """The account's own voices."""
        return _voices.AsyncVoices(self._call)

    def media_tools(
        self, settings: _media_settings.MediaSettings, *, options: CallOptions | None = None
    ) -> _media.AsyncMediaTools:
        """As `Groups.media_tools`."""
        bounded = _media.bounded(settings, options, self.config.deadline)
        return _media.AsyncMediaTools(self._call, settings, bounded)

    def _items(self, plan: StreamPlan[D], options: CallOptions | None) -> AsyncItems[D]:
        raise NotImplementedError("the client opens streams")
