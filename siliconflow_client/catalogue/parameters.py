"""The one table of request parameters: what each is, its documented range, where it is from.

Checks before a request, the adapters' fields and their descriptions, the hints of refusals and
the simulator's ranges are made from it. Kinds and impossible values are checked before a request
is sent; documented ranges are not, since a newer model may allow more: the server decides.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

from siliconflow_client.catalogue.media_parameters import MEDIA_PARAMETERS
from siliconflow_client.catalogue.parameter import Endpoint, Parameter
from siliconflow_client.catalogue.parameter_table import PARAMETERS

ALL_PARAMETERS: Final[tuple[Parameter, ...]] = (*PARAMETERS, *MEDIA_PARAMETERS)


@functools.cache
def parameters_of(endpoint: Endpoint) -> Mapping[str, Parameter]:
    """List the parameters of an endpoint by name, in the table's order.

    Args:
        endpoint: `chat`, `completions`, `embeddings`, `messages`, `rerank`, `images`, `video`,
            `speech`, `transcriptions` or `voices`.
    """
    return {entry.name: entry for entry in ALL_PARAMETERS if endpoint in entry.endpoints}


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
