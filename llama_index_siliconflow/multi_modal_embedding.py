"""`SiliconFlowMultiModalEmbedding`: texts and images in one space, for LlamaIndex."""

from __future__ import annotations

from typing import ClassVar

from llama_index.core.bridge.pydantic import Field
from llama_index.core.embeddings.multi_modal_base import MultiModalEmbedding
from llama_index.core.schema import ImageType

from llama_index_siliconflow._text_batches import counted
from llama_index_siliconflow.embedding import SiliconFlowEmbedding
from siliconflow_client import (
    DEFAULT_IMAGE_BATCH,
    DEFAULT_IMAGE_EMBEDDING_MODEL,
    image_inputs,
)


class SiliconFlowMultiModalEmbedding(SiliconFlowEmbedding, MultiModalEmbedding):
    """SiliconFlow's embedding models that see: Qwen3-VL-Embedding.

    An image is a URL, which the server fetches; a data URI; or a file (a path, `file://` URI, or
    an open binary file), which is sent along: PNG, JPEG, GIF, WebP, BMP or TIFF, told by its
    content, up to 20 MiB. `MultiModalVectorStoreIndex` asks its nodes for their images, and those
    fetch an `image_url` by themselves; `get_image_embedding_batch` with URLs does not.

    Args and fields are those of `SiliconFlowEmbedding`.

    Raises:
        ConfigurationError: A wrong URL or key; at a call, a model that takes no images, or an
            image that cannot be sent.

    Examples:
        ```python
        from llama_index_siliconflow import SiliconFlowMultiModalEmbedding

        embed_model = SiliconFlowMultiModalEmbedding()
        image = embed_model.get_image_embedding("https://example.com/red-car.jpg")
        text = embed_model.get_query_embedding("a red car")
        print(embed_model.similarity(image, text))
        ```
    """

    _first_choice: ClassVar[str] = DEFAULT_IMAGE_EMBEDDING_MODEL

    model: str = Field(default=DEFAULT_IMAGE_EMBEDDING_MODEL, description="The model's id.")
    max_image_batch: int = Field(
        default=DEFAULT_IMAGE_BATCH, description="Images per request.", gt=0, le=64, exclude=True
    )

    @classmethod
    def class_name(cls) -> str:
        """Name the class in serialised form."""
        return "SiliconFlowMultiModalEmbedding"

    def _get_image_embedding(self, img_file_path: ImageType) -> list[float]:
        return self._get_image_embeddings([img_file_path])[0]

    async def _aget_image_embedding(self, img_file_path: ImageType) -> list[float]:
        return (await self._aget_image_embeddings([img_file_path]))[0]

    def _get_image_embeddings(self, img_file_paths: list[ImageType]) -> list[list[float]]:
        images = image_inputs(img_file_paths, self.model)
        return self._embed(images, len(img_file_paths), self.max_image_batch)

    async def _aget_image_embeddings(self, img_file_paths: list[ImageType]) -> list[list[float]]:
        images = image_inputs(img_file_paths, self.model)
        return await self._aembed(images, len(img_file_paths), self.max_image_batch)

    def get_image_embedding_batch(
        self, img_file_paths: list[ImageType], show_progress: bool = False
    ) -> list[list[float]]:
        """Embed images, `embed_batch_size` in a batch; a generator of them is counted out first.

        Raises:
            ConfigurationError: An image that cannot be sent.
            SiliconFlowError: A request failed for good.
        """
        images = counted(img_file_paths, "img_file_paths", "images")
        return super().get_image_embedding_batch(images, show_progress)

    async def aget_image_embedding_batch(
        self, img_file_paths: list[ImageType], show_progress: bool = False
    ) -> list[list[float]]:
        """Do as `get_image_embedding_batch`."""
        images = counted(img_file_paths, "img_file_paths", "images")
        return await super().aget_image_embedding_batch(images, show_progress)
