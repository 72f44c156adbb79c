"""One task, one contender, one process: prints its figures as JSON.

`python child.py TASK CONTENDER BASE_URL SIZE`. Run by its path, since the peers' environment must
not find our packages; the modules beside it are found through that path as well.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

HOMES = {
    "calls": "calls",
    "flights": "flights",
    "threads": "flights",
    "lists": "lists",
    "corpus": "lists",
    "streams": "growth",
    "histories": "growth",
    "neighbours": "growth",
    "tools": "growth",
}
PACKAGES = (
    "httpx", "aiohttp", "httpx-aiohttp", "pydantic", "langchain-core", "llama-index-core",
    "openai", "langchain-openai", "langchain-mistralai", "langchain-siliconflow",
    "llama-index-llms-siliconflow", "llama-index-llms-openai-like",
    "llama-index-embeddings-siliconflow", "llama-index-embeddings-openai-like",
)  # fmt: skip


def versions() -> dict[str, str]:
    from importlib import metadata

    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def main() -> None:
    task, contender, url, size = sys.argv[1:]
    if task == "versions":
        print(json.dumps(versions()))
        return
    group, _, name = task.partition(":")
    measure = getattr(import_module(HOMES[group]), name or group)
    print(json.dumps(measure(contender, url, int(size))))


if __name__ == "__main__":
    main()
