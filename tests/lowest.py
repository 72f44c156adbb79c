"""The oldest versions that `pyproject.toml` allows, for `make test-lowest`: `python -m tests.lowest`.

An extra may bring something that asks for more than our own floors: LlamaIndex wants a newer pydantic
than the client does. So there are several stands, each an environment with some of the extras, the
direct dependencies of which are at their lowest, and the tests that it has to pass. What else the tests
need is as new as that lets it be. `--record` writes what a stand had when all of its tests had passed, and
`tests/packaging/test_floors.py` compares it with `pyproject.toml`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[1]
HOME: Final = ROOT / ".venv-lowest"
RECORD: Final = Path(__file__).with_suffix(".json")
FORCED: Final = ("httpx==", "numpy==", "rich==")
"""Installed although langchain-tests and inline-snapshot ask for newer ones, which they do not need."""
LEFT_OUT: Final = ("--ignore=tests/packaging/test_floors.py",)
"""It reads what these runs write."""
UV: Final = (sys.executable, "-m", "uv", "--quiet")


@dataclass(frozen=True)
class Stand:
    """An environment at the lowest versions, and the tests that are to pass in it.

    Attributes:
        extras: What is installed of the package.
        group: The dependency group with what the tests need.
        tests: Folders.
    """

    extras: tuple[str, ...]
    group: str
    tests: tuple[str, ...]


STANDS: Final[Mapping[str, Stand]] = {
    "client": Stand(
        extras=("aiohttp", "simulator", "sounds"),
        group="plain",
        tests=("tests/client", "tests/simulator"),
    ),
    "langchain": Stand(
        extras=("langchain", "aiohttp", "simulator"), group="test", tests=("tests/langchain",)
    ),
    "all": Stand(
        extras=("all", "demo"),
        group="test",
        tests=(
            *("tests/llama_index", "tests/faults", "tests/pytest_plugin", "tests/packaging"),
            *("tests/demo", "tests/examples", "tests/test_double.py"),
        ),
    ),
    "ray": Stand(extras=("ray", "simulator"), group="plain", tests=("tests/ray",)),
}


@cache
def _project() -> dict[str, Any]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)["project"]
    return found


def requirements() -> tuple[Requirement, ...]:
    """List what the packages need by themselves, extras included."""
    project = _project()
    extras: Iterable[list[str]] = project["optional-dependencies"].values()
    needs = [*project["dependencies"], *(need for several in extras for need in several)]
    read = [Requirement(need) for need in needs]
    return tuple(need for need in read if need.name != project["name"])


def floor(need: Requirement) -> str:
    """Tell the lowest version that a requirement allows."""
    (lowest,) = [one.version for one in need.specifier if one.operator == ">="]
    return lowest


def make(name: str, stand: Stand) -> Path:
    """Make the environment of a stand, unless it stands already; return its interpreter."""
    home = HOME / name
    python = home / "bin" / "python"
    made = home / "made.txt"
    wanted = f"{(ROOT / 'pyproject.toml').read_text(encoding='utf-8')}\n{stand}\n"
    if made.exists() and made.read_text(encoding="utf-8") == wanted:
        return python
    sys.stdout.write(f"Installing the lowest versions into {home.relative_to(ROOT)} (once) ...\n")
    sys.stdout.flush()
    _must(*UV, "venv", "--clear", "--python", sys.executable, str(home))
    extras = [argument for extra in stand.extras for argument in ("--extra", extra)]
    resolved = _must(
        *(*UV, "pip", "compile", "--resolution", "lowest-direct", *extras),
        *("--no-annotate", "--no-header", "--python", str(python)),
        *("--no-emit-package", str(_project()["name"]), "pyproject.toml"),
    )
    direct = {canonicalize_name(need.name) for need in requirements()}
    pins = [line for line in resolved.splitlines() if re.split(r"[=\[]", line)[0] in direct]
    lowest = home / "lowest.txt"
    lowest.write_text("\n".join(pins) + "\n", encoding="utf-8")
    forced = home / "forced.txt"
    forced.write_text("\n".join(pin for pin in pins if pin.startswith(FORCED)), encoding="utf-8")
    package = f"{ROOT}[{','.join(stand.extras)}]"
    _must(
        *(*UV, "pip", "install", "--python", str(python), "--constraint", str(lowest)),
        *("--override", str(forced), "--editable", package, "--group", stand.group),
    )
    made.write_text(wanted, encoding="utf-8")
    return python


def versions(name: str, python: Path) -> dict[str, str]:
    """Tell which of its direct dependencies a stand's environment has, and in which version."""
    listed: list[dict[str, str]] = json.loads(
        _must(*UV, "pip", "list", "--format", "json", "--python", str(python))
    )
    there = {canonicalize_name(one["name"]): one["version"] for one in listed}
    pins = (HOME / name / "lowest.txt").read_text(encoding="utf-8").splitlines()
    names = [canonicalize_name(re.split(r"[=\[]", pin)[0]) for pin in pins]
    return {one: there[one] for one in names}


def _record(name: str, tested: dict[str, str]) -> None:
    text = RECORD.read_text(encoding="utf-8") if RECORD.exists() else "{}"
    known: dict[str, dict[str, str]] = {**json.loads(text), name: tested}
    kept = {stand: known[stand] for stand in STANDS if stand in known}
    RECORD.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def _must(*command: str) -> str:
    return subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ).stdout


def main() -> int:
    """Run the tests of each stand; the number of stands that failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.lowest")
    parser.add_argument("--stand", choices=STANDS, action="append", help="this one only")
    parser.add_argument(
        "--record", action="store_true", help=f"write down in {RECORD.name} what passed"
    )
    chosen, options = parser.parse_known_args()
    failed: list[str] = []
    for name in chosen.stand or STANDS:
        python = make(name, STANDS[name])
        tested = versions(name, python)
        shown = ", ".join(f"{package} {version}" for package, version in tested.items())
        sys.stdout.write(f"== {name}: {shown}\n")
        sys.stdout.flush()
        command = [str(python), "-m", "pytest", *STANDS[name].tests, *LEFT_OUT, *options]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
        elif chosen.record:
            _record(name, tested)
    sys.stdout.write(f"Failed: {', '.join(failed)}\n" if failed else "All stands passed.\n")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
