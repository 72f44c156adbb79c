"""Which package owns the folder `langchain_siliconflow`, whether its files are whole, and the repair."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from siliconflow_client import _packages
from siliconflow_client.command import doctor
from siliconflow_client.command.findings import Finding


@pytest.fixture(autouse=True)
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is installed beside the tests is not what they are about."""
    monkeypatch.setattr(doctor, "spoilt_files", list)


def packages() -> Finding:
    (finding,) = doctor._the_packages()
    return finding


def test_both_owners_of_the_folder_are_a_problem_with_its_repair(monkeypatch: pytest.MonkeyPatch):
    versions = {_packages.OURS: "0.1.0", _packages.THEIRS: "1.0.0"}
    monkeypatch.setattr(doctor, "version_of", versions.get)
    monkeypatch.setattr(_packages, "_source", lambda: '"siliconflow-integrations[langchain]"')
    found = packages()
    assert found.level == "problem"
    assert "langchain-siliconflow 1.0.0 are both installed" in found.text
    assert list(found.commands) == [
        "pip uninstall -y langchain-siliconflow siliconflow-integrations",
        'pip install "siliconflow-integrations[langchain]"',
    ]


def test_files_that_another_uninstallation_took_along_are_a_problem(
    monkeypatch: pytest.MonkeyPatch,
):
    lost = [f"langchain_siliconflow/{name}.py" for name in "abcde"]
    monkeypatch.setattr(doctor, "spoilt_files", lambda: lost)
    found = packages()
    assert found.level == "problem"
    assert "langchain_siliconflow/c.py and 2 more" in found.text
    assert found.commands


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        ({}, "is not installed, but read from a folder"),
        ({_packages.THEIRS: "1.0.0"}, "PyPI's langchain-siliconflow 1.0.0 is: which of them"),
    ],
)
def test_what_is_read_from_a_folder_is_noted(
    versions: dict[str, str], text: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(doctor, "version_of", versions.get)
    assert (packages().level, text in packages().text) == ("note", True)


DIRECT = [
    (None, '"siliconflow-integrations[langchain]"'),
    ("broken", '"siliconflow-integrations[langchain]"'),
    ({"url": 3}, '"siliconflow-integrations[langchain]"'),
    (
        {"url": "https://example.com/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
        '"siliconflow-integrations[langchain] @ git+https://example.com/x.git@abc"',
    ),
    (
        {"url": "file:///tmp/x.whl", "archive_info": {}},
        '"siliconflow-integrations[langchain] @ file:///tmp/x.whl"',
    ),
    ({"url": "file:///home/me/x", "dir_info": {"editable": True}}, '-e "/home/me/x[langchain]"'),
]


@pytest.mark.parametrize(("told", "source"), DIRECT)
def test_the_repair_installs_from_where_it_came(
    told: Any, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if told is not None:
        text = told if isinstance(told, str) else json.dumps(told)
        (tmp_path / "direct_url.json").write_text(text)
    found = metadata.PathDistribution(tmp_path)
    monkeypatch.setattr(_packages.metadata, "distribution", lambda name: found)
    assert _packages.repair()[1] == f"pip install {source}"


def test_what_was_never_installed_has_no_spoilt_files(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_packages, "OURS", "no-such-distribution-of-anyone")
    assert _packages.spoilt_files() == []


def test_the_warning_names_both_and_how_to_repair_it():
    with pytest.warns(_packages.PackageConflictWarning) as caught:
        _packages.warn_of_conflict()
    (said,) = [str(one.message) for one in caught]
    assert all(step in said for step in _packages.repair())
    assert f"{_packages.THEIRS} (of PyPI) is installed beside {_packages.OURS}" in said


def test_missing_and_overwritten_files_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    info, folder = tmp_path / "x.dist-info", tmp_path / "langchain_siliconflow"
    info.mkdir()
    folder.mkdir()
    (folder / "good.py").write_bytes(b"ours")
    (folder / "bad.py").write_bytes(b"theirs")
    names = ["langchain_siliconflow/good.py", "langchain_siliconflow/bad.py"]
    names += ["langchain_siliconflow/gone.py", "llama_index_siliconflow/gone.py"]
    rows = [f"{name},sha256={_digest(b'ours')},4" for name in names]
    # What its installer did not measure, or in another way, cannot be compared.
    rows += ["langchain_siliconflow/bad.py,,", "langchain_siliconflow/good.py,md5=x,4"]
    (info / "RECORD").write_text("\n".join([*rows, "x.dist-info/RECORD,,"]))
    found = metadata.PathDistribution(info)
    monkeypatch.setattr(_packages.metadata, "distribution", lambda name: found)
    assert _packages.spoilt_files() == [
        "langchain_siliconflow/bad.py",
        "langchain_siliconflow/gone.py",
    ]


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
