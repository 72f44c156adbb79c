"""What is uploaded: the four packages, whole, with what they need, and a page that PyPI shows."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from siliconflow_client._version import __version__
from tests.conftest import ROOT
from tests.packaging.repository import PACKAGES


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


@pytest.fixture(scope="module")
def metadata(wheel: Path, names: list[str]) -> Message:
    path = next(name for name in names if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(zipfile.ZipFile(wheel).read(path))


def test_the_wheel_holds_exactly_the_four_packages(names: list[str]):
    top = {name.partition("/")[0] for name in names}
    assert {one for one in top if not one.endswith(".dist-info")} == set(PACKAGES)


def test_every_module_is_shipped_with_its_types_and_facts(names: list[str]):
    shipped = {name for name in names if ".dist-info/" not in name}
    for package in PACKAGES:
        sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*.py")}
        assert sources <= shipped
        assert f"{package}/py.typed" in shipped
    assert "siliconflow_client/catalogue/models.json" in shipped


def test_the_version_is_said_once(metadata: Message, wheel: Path):
    assert metadata["Version"] == __version__
    assert wheel.name.startswith(f"siliconflow_integrations-{__version__}-py3-none-any")
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_core_needs_httpx_and_pydantic_only(metadata: Message):
    needs = metadata.get_all("Requires-Dist", [])
    assert sorted(need for need in needs if "extra ==" not in need) == [
        "httpx<1,>=0.27",
        "pydantic<3,>=2.7.4",
    ]
    extras = {"all", "aiohttp", "demo", "langchain", "llama-index", "ray", "simulator", "sounds"}
    assert set(metadata.get_all("Provides-Extra", [])) == extras
    assert metadata["Requires-Python"] == ">=3.11"


def test_the_command_and_the_pytest_plugin_come_with_the_wheel(wheel: Path, names: list[str]):
    path = next(name for name in names if name.endswith(".dist-info/entry_points.txt"))
    told = zipfile.ZipFile(wheel).read(path).decode()
    assert (
        told.split()
        == (
            "[console_scripts] siliconflow = siliconflow_client.command.cli:main "
            "[pytest11] siliconflow = siliconflow_simulator.pytest_plugin"
        ).split()
    )


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("*.tar.gz"))


def test_the_sdist_holds_what_builds_and_tests_the_packages_and_nothing_of_tools(sdist: Path):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    top = {name.partition("/")[0] for name in names}
    assert {*PACKAGES, "tests", "cassettes", "examples", "docs"} <= top
    assert {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "Makefile"} <= top
    hidden = {name for name in top if name.startswith(".")}
    assert hidden <= {".ci", ".github", ".gitignore"}
    assert not [name for name in names if name.endswith((".pyc", ".egg-info"))]
    assert sdist.stat().st_size < 5_000_000


def test_pypi_would_show_both(wheel: Path, sdist: Path):
    command = [sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2


def test_the_page_on_pypi_leads_to_the_repository(metadata: Message):
    with (ROOT / "pyproject.toml").open("rb") as file:
        urls = tomllib.load(file)["project"]["urls"]
    assert {"Source", "Documentation", "Changelog", "Issues"} <= set(urls)
    shown = dict(url.split(", ") for url in metadata.get_all("Project-URL", []))
    assert shown == urls
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_llamahub_finds_the_classes():
    from llama_index_siliconflow import __all__ as exported

    with (ROOT / "pyproject.toml").open("rb") as file:
        hub = tomllib.load(file)["tool"]["llamahub"]
    assert hub["import_path"] == "llama_index_siliconflow"
    assert set(hub["class_authors"]) <= set(exported)
