"""Fresh environments, as users make them: a wheel of this repository, and nothing else of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and the folder beside it where its programs run."""

    home: Path

    @property
    def python(self) -> Path:
        return self.home / "bin" / "python"

    def run(self, *command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, outside of the repository."""
        path = f"{self.home / 'bin'}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [str(self.python), *command] if command[0].startswith("-") else [*command],
            cwd=folder or self.home.parent,
            env={**kept, "PATH": path, "VIRTUAL_ENV": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    def pip(self, *arguments: str, folder: Path | None = None) -> None:
        """Run pip, which must work."""
        self.must("-m", "pip", "--disable-pip-version-check", "-q", *arguments, folder=folder)

    def must(self, *command: str, folder: Path | None = None) -> str:
        """Run a command that must work; return what it printed."""
        done = self.run(*command, folder=folder)
        assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
        return done.stdout


Create = Callable[[str, Sequence[str]], Environment]


@pytest.fixture(scope="session")
def create(tmp_path_factory: pytest.TempPathFactory) -> Create:
    """Make an environment, and install into it what is named."""

    def make(name: str, packages: Sequence[str]) -> Environment:
        folder = tmp_path_factory.mktemp(name)
        home = folder / "env"
        uv = [sys.executable, "-m", "uv"]
        seeded = [*uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(home)]
        subprocess.run(seeded, check=True)
        environment = Environment(home)
        if packages:
            install = [*uv, "pip", "install", "--quiet", "--python", str(environment.python)]
            subprocess.run([*install, *packages], check=True)
        return environment

    return make


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this repository."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def everything(create: Create, wheel: Path) -> Environment:
    """An environment with all extras, type checkers and a notebook's kernel."""
    tools = ["mypy==2.4.1", "pyright[nodejs]==1.1.414", "nbclient>=0.10", "ipykernel>=6.29"]
    return create("everything", [f"{wheel}[all]", *tools])
