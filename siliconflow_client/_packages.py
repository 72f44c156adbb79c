"""Two packages own the folder `langchain_siliconflow`: ours, and PyPI's `langchain-siliconflow`.

Whichever was installed last has its files there, and uninstalling either takes files of the other
away, so the repair is always the same: uninstall both, install ours.
"""

from __future__ import annotations

import base64
import hashlib
import json
import warnings
from importlib import metadata
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
        files = metadata.files(OURS) or []
    except metadata.PackageNotFoundError:
        return []
    return sorted(
        file.as_posix() for file in files if file.parts[0] == SHARED and not _is_intact(file)
    )


def _is_intact(file: metadata.PackagePath) -> bool:
    try:
        content = file.read_binary()
    except OSError:
        return False
    if file.hash is None or file.hash.mode != "sha256":
        return True
    found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return found == file.hash.value


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
