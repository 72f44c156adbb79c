"""The direct dependencies of pyproject.toml, for `make test-lowest`: `python -m tests.lowest`."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

NAME = re.compile(r"[\w-]+")


def direct_dependencies() -> list[str]:
    """List the names of what the packages need by themselves, extras included."""
    path = Path(__file__).parents[1] / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needs = [*project["dependencies"]]
    needs += [need for extra, several in extras.items() if extra != "demo" for need in several]
    names = {found[0].lower() for need in needs if (found := NAME.match(need))}
    return sorted(names - {project["name"]})


if __name__ == "__main__":
    sys.stdout.write("|".join(direct_dependencies()) + "\n")
