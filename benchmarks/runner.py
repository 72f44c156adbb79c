"""Runs the plan: the client on one core, the server on another, every figure in its own process."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.plan import PARTS, Contender, Table

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
OURS = Path(sys.executable)
PEERS = ROOT / ".venv-peers" / "bin" / "python"
LONGEST = 180
"""Seconds of one child process."""

Figures = dict[str, dict[str, dict[str, float]]]
"""Table, contender, size: the figure in the child's unit."""


def on_core(core: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


def environment(*, is_peer: bool) -> dict[str, str]:
    """Nothing of the user's: no keys, no proxies, no tracing. Peers must not find our packages."""
    found = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONHASHSEED": "0",
    }
    if not is_peer:
        found["PYTHONPATH"] = str(ROOT)
    return found


def run(contender: Contender, *arguments: str) -> str:
    """Run a child; return the last line that it prints, or nothing when it takes too long."""
    python = PEERS if contender.is_peer else OURS
    try:
        done = subprocess.run(  # noqa: S603  # our own files, no shell
            [str(python), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
            env=environment(is_peer=contender.is_peer),
            cwd=HERE,
            preexec_fn=lambda: on_core(0),
        )
    except subprocess.TimeoutExpired:
        return ""
    if done.returncode:
        raise SystemExit(f"{contender.name}, {arguments[1:]} failed:\n{done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1]


def figure(table: Table, contender: Contender, url: str, size: int) -> dict[str, float] | None:
    """What one child measures."""
    if table.task == "import":
        code = (
            "import json, time; t = time.process_time()\n"
            f"{contender.factory}\n"
            "print(json.dumps({'cpu': (time.process_time() - t) * 1e6}))"
        )
        said = run(contender, "-c", code)
    else:
        task = contender.task or table.task
        said = run(contender, str(HERE / "child.py"), task, contender.factory, url, str(size))
    return json.loads(said) if said else None


@contextmanager
def server() -> Iterator[str]:
    """A server on the other core; gives its URL."""
    process = subprocess.Popen(  # noqa: S603  # our own module, no shell
        [str(OURS), "-m", "benchmarks.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=lambda: on_core(1),
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    finally:
        process.communicate("", timeout=10)


def measured(table: Table, url: str, ends: float, *, small: bool) -> Figures:
    """All figures of a table: contenders take turns, so that a busy moment hits no one alone."""
    found: Figures = {}
    sizes = table.sizes[:2] if small else table.sizes
    for size in sizes:
        for _ in range(1 if small else table.turns):
            for contender in table.contenders:
                if contender.most is not None and size > contender.most:
                    continue
                if time.monotonic() > ends:
                    return found
                told = figure(table, contender, url, size)
                if told is None:
                    continue
                sizes_of = found.setdefault(contender.name, {})
                best = sizes_of.setdefault(str(size), told)
                for metric, value in told.items():
                    best[metric] = min(best[metric], value)
    return found


def machine() -> dict[str, str]:
    """Where the figures come from."""
    name = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "processor": name,
        "cores": str(len(os.sched_getaffinity(0))),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, dict[str, str]]:
    """Of the packages in both environments."""
    script = str(HERE / "child.py")
    return {
        name: json.loads(run(Contender(name, "", is_peer), script, "versions", "", "", "0"))
        for name, is_peer in (("ours", False), ("peers", True))
    }


def run_parts(names: list[str], minutes: float, *, small: bool) -> dict[str, object]:
    """Measure parts; print each table as soon as it is there."""
    from benchmarks.page import as_text

    if not PEERS.exists():
        raise SystemExit("The peers are not installed: run `make bench`.")
    ends = time.monotonic() + 60 * minutes
    found: dict[str, object] = {}
    with server() as url:
        for name in names:
            began = time.monotonic()
            figures = {table.key: measured(table, url, ends, small=small) for table in PARTS[name]}
            found[name] = {"machine": machine(), "figures": figures}
            for table in PARTS[name]:
                print(f"\n{as_text(table, figures[table.key])}", flush=True)
            print(f"({name}: {time.monotonic() - began:.0f} s)", flush=True)
    if time.monotonic() > ends:
        print(f"\nStopped after {minutes:g} minutes: what is missing was not measured.")
    return found
