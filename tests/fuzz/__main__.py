"""The coverage-guided run: `python -m tests.fuzz SECONDS`, in an environment that has atheris.

Each target runs in a process of its own, on its share of the time, from the inputs in
`tests/fuzz/corpus`, from the payloads in `tests/fixtures`, and from what earlier runs reached
(`.fuzz`, which is no part of the repository). What fails goes
to `.fuzz/<target>/found`; put such an input into the corpus, where a plain test replays it. At the
end the corpus takes in the shortest inputs that reached something new.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
CORPUS: Final = HERE / "corpus"
WORK: Final = HERE.parent.parent / ".fuzz"
MOST_KEPT: Final = 24
"""Inputs of a target that are kept."""
LONGEST_KEPT: Final = 400
"""Their bytes."""
LONGEST: Final = 2048

_FROM: Final[dict[str, tuple[tuple[str, ...], bytes]]] = {
    "events": (("stream", "messages"), b"\x03"),
    "chat_stream": (("stream",), b"\x03"),
    "chat_stream_with_tools": (("stream",), b"\x03"),
    "messages_stream": (("messages",), b"\x03"),
    "answers": (("chat", "completions", "embeddings", "rerank"), b""),
    "errors": (("errors",), b"\x00"),
}
"""Folders of `tests/fixtures`, and the byte that a target reads first."""


def main() -> int:
    """Run all targets; tell how many found something."""
    arguments = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    arguments.add_argument("seconds", type=int, help="for all targets together")
    arguments.add_argument("--target", help="only this one")
    arguments.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given, options = arguments.parse_known_args()
    if given.inside:
        _fuzz(given.target, options)
    from tests.fuzz.targets import TARGETS

    names = [given.target] if given.target else list(TARGETS)
    found = [name for name in names if _run(name, max(1, given.seconds // len(names)))]
    print(f"Found something: {', '.join(found) or 'nowhere'}.")  # noqa: T201  # a program
    return len(found)


def payloads(target: str) -> Iterator[tuple[str, bytes]]:
    """The payloads that a target can begin with, in the form that it takes."""
    from tests.fixtures import INDEX

    folders, first = _FROM.get(target, ((), b""))
    for file, entry in INDEX.items():
        folder, _, name = file.partition("/")
        if folder in folders and len(entry.content) < LONGEST:
            yield f"{folder}-{name}", first + entry.content


def _fuzz(target: str, options: list[str]) -> None:
    """Never comes back: the fuzzer ends the process."""
    import atheris  # pyright: ignore[reportMissingModuleSource]  # it stands in .venv-fuzz

    with atheris.instrument_imports(include=["siliconflow_client"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *options], TARGETS[target])
    atheris.Fuzz()


def _run(target: str, seconds: int) -> bool:
    kept, work, found = CORPUS / target, WORK / target / "inputs", WORK / target / "found"
    for folder in (kept, work, found):
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in payloads(target):
        (work / name).write_bytes(content)
    print(f"--- {target}: {seconds} s", flush=True)  # noqa: T201
    done = _start(
        target,
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-dict={HERE / 'words.dict'}",
        f"-artifact_prefix={found}/",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
        "-verbosity=0",
        str(work),
        str(kept),
    )
    _keep(target, work, kept)
    if done:
        print(f"{target}: something was found; see {found}", flush=True)  # noqa: T201
    return bool(done)


def _keep(target: str, work: Path, kept: Path) -> None:
    """Add the shortest of the inputs that reached something new, as far as there is room."""
    given = {name for name, _ in payloads(target)} | {path.name for path in kept.iterdir()}
    sizes = {path: path.stat().st_size for path in work.iterdir() if path.name not in given}
    short = sorted((size, path) for path, size in sizes.items() if size <= LONGEST_KEPT)
    room = MOST_KEPT - len(list(kept.iterdir()))
    for _, path in short[: max(0, room)]:
        (kept / path.name).write_bytes(path.read_bytes())


def _start(target: str, *options: str) -> int:
    command = [sys.executable, "-m", "tests.fuzz", "0", "--inside", "--target", target]
    return subprocess.run([*command, *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
