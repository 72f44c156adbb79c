"""The one table of request parameters: what each is, its documented range, where it is from.

Checks before a request, the adapters' fields and their descriptions, the hints of refusals and
the simulator's ranges are made from it. Kinds and impossible values are checked before a request
is sent; documented ranges are not, since a newer model may allow more: the server decides.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from siliconflow_client._lazy import LazyModule
from siliconflow_client.catalogue.parameter import Endpoint, Parameter
from siliconflow_client.catalogue.parameter_table import PARAMETERS

if TYPE_CHECKING:
    from siliconflow_client.catalogue import media_parameters as _media
    from siliconflow_client.catalogue import parameter_messages as _messages
else:
    _media = LazyModule("siliconflow_client.catalogue.media_parameters")
    _messages = LazyModule("siliconflow_client.catalogue.parameter_messages")


@functools.cache
def parameters_of(endpoint: Endpoint) -> Mapping[str, Parameter]:
    """List the parameters of an endpoint by name, in the table's order.

    Args:
        endpoint: `chat`, `completions`, `embeddings`, `messages`, `rerank`, `images`, `video`,
            `speech`, `transcriptions` or `voices`.
    """
    rows = PARAMETERS
    if not any(endpoint in entry.endpoints for entry in rows):  # the others load when asked for
        rows = (*_messages.MESSAGES_PARAMETERS, *_media.MEDIA_PARAMETERS)
    return {entry.name: entry for entry in rows if endpoint in entry.endpoints}


def settings_of(endpoint: Endpoint) -> tuple[str, ...]:
    """Name the parameters that shape an answer and can be set once for many requests.

    What a request is about (`messages`, `input` …), its model and its tools are none.
    """
    about = ("model", "tools", "tool_choice")
    return tuple(
        name
        for name, entry in parameters_of(endpoint).items()
        if not entry.required and name not in about
    )
