"""Mutation testing: how many small faults in the modules that think do their own tests notice?

`make mutants` makes thousands of faulty copies of the functions in `ROOMS` (a `<` for a `<=`, an argument
left out, a text changed), runs the tests that reach each, and writes to `.mutants/report.md` how many
failed, by module, and what was changed where none did. `make mutants ARGS="--room client --sample 300"`
tries so many of a room's, drawn at random, which is the score within a few percent.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
WORK: Final = ROOT / ".mutants"
SEED: Final = 20261121
"""The same sample in every run, as long as the modules stay as they are."""


@dataclass(frozen=True)
class Room:
    """Modules, as patterns below the root, and the tests that are to notice their faults.

    Attributes:
        modules: The patterns.
        tests: Folders.
        left_out: Tests that notice mutmut itself, which the modules then import.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    left_out: tuple[str, ...] = ()


ROOMS: Final[Mapping[str, Room]] = {
    "client": Room(
        modules=(
            "siliconflow_client/protocol/*.py",
            "siliconflow_client/errors/*.py",
            "siliconflow_client/endpoints/chat_stream.py",
            "siliconflow_client/endpoints/deltas.py",
            "siliconflow_client/endpoints/history.py",
            "siliconflow_client/endpoints/normaliser.py",
        ),
        tests=("tests/client",),
    ),
    "langchain": Room(
        modules=(
            "langchain_siliconflow/_answers.py",
            "langchain_siliconflow/_calls.py",
            "langchain_siliconflow/_chunks.py",
            "langchain_siliconflow/_content.py",
            "langchain_siliconflow/_history.py",
            "langchain_siliconflow/_messages.py",
            "langchain_siliconflow/_results.py",
            "langchain_siliconflow/_tools.py",
        ),
        tests=("tests/langchain",),
    ),
    "llama_index": Room(
        modules=(
            "llama_index_siliconflow/_arguments.py",
            "llama_index_siliconflow/_chunks.py",
            "llama_index_siliconflow/_foreign_calls.py",
            "llama_index_siliconflow/_history.py",
            "llama_index_siliconflow/_messages.py",
            "llama_index_siliconflow/_tool_calls.py",
            "llama_index_siliconflow/_tool_specs.py",
        ),
        tests=("tests/llama_index",),
        left_out=(
            "tests/llama_index/test_class.py"
            "::test_importing_loads_little_on_top_of_llama_index_core",
            "tests/llama_index/test_notebooks.py",  # in interpreters of their own
        ),
    ),
}

_CAST: Final = re.compile(r"""\bcast\((?:"[^"]*"|\w+),""")
NO_MUTANT: Final = "none-of-them"
KILLED: Final = frozenset({"killed", "timeout", "suspicious", "segfault"})
UNKNOWN: Final = frozenset({"not checked", "check was interrupted by user", "skipped"})


@dataclass
class Score:
    """What became of one module's mutants.

    Attributes:
        killed: How many made a test fail.
        survived: The others that could, with what was changed.
        unknown: How many were not tried.
    """

    killed: int = 0
    survived: list[str] = field(default_factory=list)
    unknown: int = 0

    @property
    def text(self) -> str:
        tried = self.killed + len(self.survived)
        share = f"{100 * self.killed / tried:.1f} %" if tried else "–"
        return f"{self.killed} | {tried} | {share} | {self.unknown}"

    def __add__(self, other: Score) -> Score:
        return Score(
            self.killed + other.killed,
            self.survived + other.survived,
            self.unknown + other.unknown,
        )


def copy_of(room: Room, folder: Path) -> None:
    """Copy what git knows, or would, and tell mutmut there what to do."""
    shutil.rmtree(folder, ignore_errors=True)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    packages = sorted({path.parent.name for path in folder.glob("*/py.typed")})
    others = sorted({path.name for path in folder.iterdir()} - {*packages, "tests", ".gitignore"})
    settings = {
        "source_paths": packages,
        "only_mutate": list(room.modules),
        "also_copy": others,
        "pytest_add_cli_args": [
            *("-p", "no:cacheprovider", "-p", "no:xdist"),
            *(f"--deselect={test}" for test in room.left_out),
        ],
        "pytest_add_cli_args_test_selection": list(room.tests),
        # On a busy machine a slow test is no endless one.
        "timeout_constant": 30.0,
        # Tests start threads, which a process that is to be forked must not have.
        "process_isolation": "forkserver",
    }
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n[tool.mutmut]\nuse_git_change_detection = false\n")
        file.writelines(f"{name} = {value!r}\n" for name, value in settings.items())


def mutmut(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("mutmut")), *arguments],
        cwd=folder,
        # A session of its own, so that a run can be ended with all of its children.
        start_new_session=True,
        stdout=None if arguments[0] == "run" else subprocess.PIPE,
        stderr=subprocess.DEVNULL if NO_MUTANT in arguments else None,
        text=True,
    )


def run(folder: Path, *, workers: int, minutes: float | None, sample: int | None) -> None:
    names: list[str] = []
    if sample is not None:
        # Mutants have names once they are made, which a run of none of them does.
        mutmut(folder, "run", NO_MUTANT).wait()
        known = sorted(name for name, _ in results(folder))
        names = random.Random(SEED).sample(known, min(sample, len(known)))
    process = mutmut(folder, "run", "--max-children", str(workers), *names)
    try:
        code = process.wait(None if minutes is None else minutes * 60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
        process.wait()
    else:
        if code:
            raise SystemExit(f"mutmut ended with {code}; its files are in {folder}")


def results(folder: Path) -> Iterable[tuple[str, str]]:
    """Yield the name of each mutant, and what became of it."""
    output, _ = mutmut(folder, "results", "--all", "true").communicate()
    for line in output.splitlines():
        name, _, status = line.strip().rpartition(": ")
        if name:
            yield name, status


def scores(folder: Path) -> dict[str, Score]:
    found: dict[str, Score] = {}
    for name, status in results(folder):
        # package.module.x_function__mutmut_3, or xǁClassǁmethod__mutmut_3
        module = name.rpartition(".")[0].replace(".", "/") + ".py"
        score = found.setdefault(module, Score())
        if status in KILLED:
            score.killed += 1
        elif status in UNKNOWN:
            score.unknown += 1
        else:
            change = change_of(folder, name)
            if not makes_no_difference(change):
                score.survived.append("\n".join([f"# {name}", *change]))
    return found


def change_of(folder: Path, name: str) -> list[str]:
    output = mutmut(folder, "show", name).communicate()[0]
    return [line for line in output.splitlines() if line.startswith(("-", "+", "@@"))][2:]


def makes_no_difference(change: Iterable[str]) -> bool:
    """Tell whether only the type in a `cast` was changed, which nothing reads when it runs."""
    lines = [_CAST.sub("cast(", line) for line in change]
    before = [line[1:] for line in lines if line.startswith("-")]
    return before == [line[1:] for line in lines if line.startswith("+")]


def report(by_room: Mapping[str, Mapping[str, Score]]) -> str:
    lines = ["| module | killed | tried | score | not tried |", "|---|---|---|---|---|"]
    everything = Score()
    for modules in by_room.values():
        for module, score in sorted(modules.items()):
            lines.append(f"| {module} | {score.text} |")
            everything += score
    lines.append(f"| **all** | {everything.text} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--room", choices=ROOMS, action="append", help="only this one; repeatable")
    parser.add_argument("--minutes", type=float, help="at most so long for each room")
    parser.add_argument("--sample", type=int, help="so many mutants of each room, at random")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    os.nice(10)
    by_room: dict[str, dict[str, Score]] = {}
    for name in given.room or ROOMS:
        copy_of(ROOMS[name], WORK / name)
        run(WORK / name, workers=given.workers, minutes=given.minutes, sample=given.sample)
        by_room[name] = scores(WORK / name)
    table = report(by_room)
    survivors = [
        change
        for modules in by_room.values()
        for score in modules.values()
        for change in score.survived
    ]
    (WORK / "report.md").write_text("\n\n".join([table, *survivors]), encoding="utf-8")
    sys.stdout.write(f"\n{table}\nWhat survived: {WORK / 'report.md'}\n")


if __name__ == "__main__":
    main()
