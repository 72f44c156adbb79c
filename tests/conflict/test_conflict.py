"""Ours and PyPI's `langchain-siliconflow` in one environment: told, and repaired as told.

Needs PyPI. The environments borrow all other packages from the one that the tests run in.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.double import Double

THEIRS = "langchain-siliconflow==1.0.0"
BOTH = "pip uninstall -y langchain-siliconflow siliconflow-integrations"
IMPORT = "from langchain_siliconflow import ChatSiliconFlow; print(ChatSiliconFlow.__module__)"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@dataclass
class Environment:
    """A fresh environment, and one of the two installers."""

    folder: Path
    installer: str
    url: str

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    def pip(self, line: str) -> None:
        """Run a command line that begins with `pip`."""
        command, *words = shlex.split(line)[1:]
        if self.installer == "uv":
            words = [word for word in words if word != "-y"]
            tool = [sys.executable, "-m", "uv", "pip", command, "--python", self.python]
        else:
            tool = [sys.executable, "-m", "pip", "-q", "--python", self.python, command]
        alone = ["--no-deps"] if command == "install" else []
        subprocess.run([*tool, *alone, *words], check=True, capture_output=True, cwd=self.folder)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        hidden = {"PYTHONPATH", "SILICONFLOW_API_KEY"}
        env = {name: value for name, value in os.environ.items() if name not in hidden}
        env |= {"SILICONFLOW_API_KEY": "sk-test", "SILICONFLOW_BASE_URL": self.url}
        return subprocess.run(
            [self.python, *arguments],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    def doctor(self) -> tuple[int, str]:
        done = self.run("-m", "siliconflow_client", "doctor")
        assert done.stderr == ""
        return done.returncode, done.stdout


Make = Callable[[str], Environment]


@pytest.fixture
def make(tmp_path: Path):
    answer = httpx.Response(200, json={"data": [{"id": "m"}]})
    with Double(answer) as site:

        def environment(installer: str) -> Environment:
            subprocess.run(
                [sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True
            )
            made = Environment(tmp_path, installer, site.url)
            own = made.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout
            # A path that is read from a file is searched last, and its own such files are not read:
            # what is installed here for editing stays out.
            borrowed = Path(own.strip()) / "borrowed.pth"
            borrowed.write_text(sysconfig.get_path("purelib") + "\n")
            return made

        yield environment


def repair_of(text: str) -> list[str]:
    """The commands that a text tells to type."""
    return re.findall(r"^ {4}(pip .+)$", text, re.MULTILINE)


def check_whole(environment: Environment) -> None:
    """Ours is imported, without a warning, and the doctor is content."""
    done = environment.run("-W", "error", "-c", IMPORT)
    assert (done.stdout.strip(), done.stderr) == ("langchain_siliconflow.chat_models", "")
    code, told = environment.doctor()
    assert (code, "alone owns" in told) == (0, True)


def repair(environment: Environment, commands: list[str], wheel: Path) -> None:
    """Type what was told."""
    assert commands[0] == BOTH
    assert wheel.name in commands[1], "it is installed from where it came"
    for command in commands:
        environment.pip(command)


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_ours_installed_last_warns_at_import_and_is_repaired(
    installer: str, make: Make, wheel: Path
):
    environment = make(installer)
    environment.pip(f"pip install {THEIRS}")
    environment.pip(f"pip install {wheel}")
    done = environment.run("-c", IMPORT)
    assert done.stdout.strip() == "langchain_siliconflow.chat_models"
    assert done.stderr.count("PackageConflictWarning: langchain-siliconflow") == 1
    repair(environment, repair_of(done.stderr), wheel)
    check_whole(environment)


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_theirs_installed_last_is_seen_by_the_doctor_and_repaired(
    installer: str, make: Make, wheel: Path
):
    environment = make(installer)
    environment.pip(f"pip install {wheel}")
    environment.pip(f"pip install {THEIRS}")
    source = environment.run("-c", "import importlib.util as u; print(u.find_spec('langchain_siliconflow').origin)")  # fmt: skip
    assert "_look_for_another" not in Path(source.stdout.strip()).read_text(encoding="utf-8")
    code, told = environment.doctor()
    assert code == 1
    assert "are both installed" in " ".join(told.split())
    repair(environment, repair_of(told), wheel)
    check_whole(environment)


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_what_uninstalling_theirs_alone_took_along_is_seen_and_repaired(
    installer: str, make: Make, wheel: Path
):
    environment = make(installer)
    environment.pip(f"pip install {wheel}")
    environment.pip(f"pip install {THEIRS}")
    environment.pip("pip uninstall -y langchain-siliconflow")
    assert "ImportError" in environment.run("-c", IMPORT).stderr
    code, told = environment.doctor()
    assert code == 1
    assert "are missing or overwritten: langchain_siliconflow/" in " ".join(told.split())
    commands = repair_of(told)
    environment.pip("pip uninstall -y siliconflow-integrations")
    environment.pip(commands[1])
    check_whole(environment)
