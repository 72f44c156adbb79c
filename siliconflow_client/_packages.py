"""Two packages own the folder `langchain_siliconflow`: ours, and PyPI's `langchain-siliconflow`.

Whichever was installed last has its files there, and uninstalling either takes files of the other
away, so the repair is always the same: uninstall both, install ours.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import warnings
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Final, cast

OURS: Final = "siliconflow-integrations"
THEIRS: Final = "langchain-siliconflow"
SHARED: Final = "langchain_siliconflow"
"""The folder."""


class PackageConflictWarning(UserWarning):
    """PyPI's `langchain-siliconflow` is installed beside this package; the text has the repair."""


def warn_of_conflict() -> None:
    """Warn that both are installed, and say how to repair it."""
    steps = "\n".join(f"    {step}" for step in repair())
    warnings.warn(
        f"{THEIRS} (of PyPI) is installed beside {OURS}, and both own the folder {SHARED}: "
        "uninstalling either takes files of the other away. Uninstall both, then install this "
        f"one:\n{steps}",
        PackageConflictWarning,
        stacklevel=3,
    )


def repair() -> tuple[str, str]:
    """The two commands; with uv, `uv pip` in place of `pip`."""
    return f"pip uninstall -y {THEIRS} {OURS}", f"pip install {_source()}"


def version_of(name: str) -> str | None:
    """The version of an installed distribution, or `None`."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def spoilt_files() -> list[str]:
    """Our files in the shared folder that are missing, or that another package has overwritten."""
    try:
        installed = metadata.distribution(OURS)
    except metadata.PackageNotFoundError:
        return []
    # `metadata.files` leaves out what is missing, from Python 3.12 on.
    rows = csv.reader((installed.read_text("RECORD") or "").splitlines())
    ours = (row for row in rows if row and row[0].startswith(f"{SHARED}/"))
    return sorted(row[0] for row in ours if not _is_intact(installed, row))


def _is_intact(installed: metadata.Distribution, row: Sequence[str]) -> bool:
    try:
        content = Path(str(installed.locate_file(row[0]))).read_bytes()
    except OSError:
        return False
    mode, _, digest = (row[1] if len(row) > 1 else "").partition("=")
    if mode != "sha256":
        return True
    return digest == base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def _source() -> str:
    """What to install from: where ours came from (PEP 610), else its name."""
    wanted = f"{OURS}[langchain]"
    try:
        text = metadata.distribution(OURS).read_text("direct_url.json")
        told: object = json.loads(text) if text else None
    except (metadata.PackageNotFoundError, ValueError):
        told = None
    if not isinstance(told, dict):
        return f'"{wanted}"'
    known = cast("dict[str, object]", told)
    url, vcs, folder = known.get("url"), known.get("vcs_info"), known.get("dir_info")
    if not isinstance(url, str):
        return f'"{wanted}"'
    if isinstance(vcs, dict):
        tool = cast("dict[str, object]", vcs)
        url = f"{tool.get('vcs')}+{url}@{tool.get('commit_id')}"
    edits = isinstance(folder, dict) and cast("dict[str, object]", folder).get("editable") is True
    if edits and url.startswith("file://"):
        return f'-e "{url.removeprefix("file://")}[langchain]"'
    return f'"{wanted} @ {url}"'
