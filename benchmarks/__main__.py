"""Run every contender on every task in one go, and print the figures with their ratios.

The client runs on one core and the server on another. Figures are CPU time of the client
process, the least of seven rounds; contenders take turns, three times over, so that a busy
moment of the machine hits no one alone. Peers live in an environment of their own: today's
`langchain-siliconflow` owns the same folder name as ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = Path(sys.executable)
PEERS = ROOT / ".venv-peers" / "bin" / "python"
TURNS = 3

Contender = tuple[str, str, Path]

STREAMS: dict[str, tuple[str, float, str, list[Contender]]] = {
    "LangChain: stream, µs a chunk": (
        "langchain_stream",
        1.3,
        "of the floor",
        [
            ("floor (makes its chunks, no wire)", "langchain_floor", OURS),
            ("bare floor (the same chunks again)", "langchain_bare_floor", OURS),
            ("ours", "chat_siliconflow_ours", OURS),
            ("ChatMistralAI", "chat_mistral", PEERS),
            ("ChatOpenAI", "chat_openai", PEERS),
            ("ChatSiliconFlow 1.0.0", "chat_siliconflow_100", PEERS),
        ],
    ),
    "LangChain: invoke, µs a call": (
        "langchain_invoke",
        650,
        "µs",
        [
            ("ours", "chat_siliconflow_ours", OURS),
            ("ChatMistralAI", "chat_mistral", PEERS),
            ("ChatOpenAI", "chat_openai", PEERS),
            ("ChatSiliconFlow 1.0.0", "chat_siliconflow_100", PEERS),
        ],
    ),
    "LangChain: embed, µs a document of 1024 floats": (
        "langchain_embed",
        50,
        "µs",
        [
            ("ours", "embeddings_ours", OURS),
            ("ours, encoding_format=base64", "embeddings_ours_base64", OURS),
            ("OpenAIEmbeddings (base64)", "embeddings_openai", PEERS),
        ],
    ),
    "LangChain: construct, µs a model": (
        "construct",
        1000,
        "µs",
        [
            ("ours", "chat_siliconflow_ours", OURS),
            ("ChatOpenAI", "chat_openai", PEERS),
            ("ChatSiliconFlow 1.0.0", "chat_siliconflow_100", PEERS),
        ],
    ),
    "LlamaIndex: stream with events, µs a chunk": (
        "llama_stream",
        60,
        "µs",
        [
            ("ours", "llama_ours", OURS),
            ("llms-siliconflow (sends no events)", "llama_siliconflow", PEERS),
            ("llms-openai-like", "llama_openai_like", PEERS),
        ],
    ),
    "LlamaIndex: chat, µs a call": (
        "llama_chat",
        600,
        "µs",
        [
            ("ours", "llama_ours", OURS),
            ("llms-siliconflow", "llama_siliconflow", PEERS),
            ("llms-openai-like", "llama_openai_like", PEERS),
        ],
    ),
    "LlamaIndex: embed, µs a document of 1024 floats": (
        "llama_embed",
        50,
        "µs",
        [
            ("ours", "llama_embedding_ours", OURS),
            ("embeddings-siliconflow", "llama_embedding_siliconflow", PEERS),
            ("embeddings-openai-like", "llama_embedding_openai_like", PEERS),
        ],
    ),
}

IMPORTS: list[tuple[str, str, Path]] = [
    (
        "langchain_core's chat models (floor)",
        "import langchain_core.language_models.chat_models",
        OURS,
    ),
    ("ours: ChatSiliconFlow", "from langchain_siliconflow import ChatSiliconFlow", OURS),
    (
        "ours: SiliconFlowEmbeddings",
        "from langchain_siliconflow import SiliconFlowEmbeddings",
        OURS,
    ),
    ("ChatOpenAI", "from langchain_openai import ChatOpenAI", PEERS),
    ("ChatSiliconFlow 1.0.0", "from langchain_siliconflow import ChatSiliconFlow", PEERS),
    ("llama_index.core (floor)", "import llama_index.core", OURS),
    (
        "ours: llama_index_siliconflow",
        "from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank",
        OURS,
    ),
    ("llms-siliconflow", "from llama_index.llms.siliconflow import SiliconFlow", PEERS),
    ("llms-openai-like", "from llama_index.llms.openai_like import OpenAILike", PEERS),
]


def on_core(core: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


def environment() -> dict[str, str]:
    """Nothing of the user's: no keys, no proxies, no tracing."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONHASHSEED": "0",
    }


def run(python: Path, *arguments: str) -> float:
    done = subprocess.run(  # noqa: S603  # our own files, no shell
        [str(python), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=environment(),
        preexec_fn=lambda: on_core(0),
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return float(json.loads(done.stdout.strip().splitlines()[-1]))


def import_cost(python: Path, statement: str) -> float:
    """CPU milliseconds from before the import to after it, in a fresh process."""
    code = (
        "import time; t = time.process_time()\n"
        f"{statement}\n"
        "print((time.process_time() - t) * 1000)"
    )
    return run(python, "-c", code)


def show(title: str, rows: list[tuple[str, float]], base: str, limit: str) -> None:
    print(f"\n{title}  (target: {limit})")
    first = dict(rows)[base]
    for name, figure in rows:
        print(f"  {name:<38}{figure:>10.1f}   {figure / first:>6.2f} x {base}")


def main() -> None:
    if not PEERS.exists():
        raise SystemExit("The peers are not installed: run `make bench`.")
    server = subprocess.Popen(  # noqa: S603  # our own module, no shell
        [str(OURS), "-m", "benchmarks.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=lambda: on_core(1),
    )
    assert server.stdout is not None
    url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
    script = str(ROOT / "benchmarks" / "contenders.py")
    try:
        for title, (task, limit, unit, contenders) in STREAMS.items():
            best = {name: float("inf") for name, _, _ in contenders}
            for _ in range(TURNS):
                for name, contender, python in contenders:
                    best[name] = min(best[name], run(python, script, task, contender, url))
            show(title, list(best.items()), contenders[0][0], f"{limit:g} {unit}")
        best = {name: float("inf") for name, _, _ in IMPORTS}
        for _ in range(2 * TURNS + 1):
            for name, statement, python in IMPORTS:
                best[name] = min(best[name], import_cost(python, statement))
        split = next(i for i, row in enumerate(IMPORTS) if row[0].startswith("llama_index"))
        for rows, limit in (
            (IMPORTS[:split], "chat 1.15 x, embeddings a third of that"),
            (IMPORTS[split:], "1.05 x"),
        ):
            show(
                "Import, ms of CPU", [(name, best[name]) for name, _, _ in rows], rows[0][0], limit
            )
    finally:
        server.communicate("", timeout=10)


if __name__ == "__main__":
    main()
