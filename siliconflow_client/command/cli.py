"""`siliconflow doctor` and `siliconflow models`.

Exit codes: 0 when everything is in place, 1 when something is not, 2 for a wrong command line, 130
when it was interrupted. Keys come from the environment only, since a command line can be read by
others, and are never printed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from typing import Final

from siliconflow_client._client import SiliconFlowClient
from siliconflow_client._version import __version__
from siliconflow_client.command.doctor import LOOK_SECONDS, examine
from siliconflow_client.command.findings import Finding, verdict
from siliconflow_client.errors.redaction import printable
from siliconflow_client.errors.tree import SiliconFlowError

TYPES: Final = ("text", "image", "audio", "video")
SUB_TYPES: Final = (
    "chat",
    "embedding",
    "reranker",
    "text-to-image",
    "image-to-image",
    "speech-to-text",
    "text-to-video",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        code = _doctor(chosen) if chosen.command == "doctor" else _models(chosen)
        print(end="", flush=True)
    except BrokenPipeError:  # whoever reads has enough: `siliconflow models | head`
        _write_no_more()
        return 0
    except OSError as error:  # a full disk
        _write_no_more()
        print(f"The output cannot be written: {error.strerror or error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="siliconflow",
        description="Look whether SiliconFlow can be used from here. The key is read from "
        "SILICONFLOW_API_KEY.",
        epilog="Exit codes: 0 everything is in place, 1 something is not, 2 wrong arguments.",
    )
    parser.add_argument("--version", action="version", version=f"siliconflow {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    doctor = commands.add_parser(
        "doctor", help="check key, site, models and installed packages, and say what to do"
    )
    doctor.add_argument("--model", help="the model that you want to use")
    models = commands.add_parser("models", help="list the models that your key can see")
    models.add_argument(
        "--type", choices=[*SUB_TYPES, *TYPES], help="only models for this (default: all)"
    )
    for command in (doctor, models):
        command.add_argument(
            "--base-url", help="the site (default: SILICONFLOW_BASE_URL, else the .cn site)"
        )
    return parser


def _write_no_more() -> None:
    """Let the interpreter's own last flush of the output succeed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _printed(text: str) -> str:
    """What the terminal can show of a text, which may be the server's."""
    # There is no output at all where it was closed: `siliconflow doctor >&-`.
    encoding: str = getattr(sys.stdout, "encoding", None) or "ascii"
    return text.encode(encoding, "replace").decode(encoding)


def _doctor(chosen: argparse.Namespace) -> int:
    print(f"siliconflow {__version__}, Python {platform.python_version()}")
    findings: list[Finding] = []
    for finding in examine(chosen.model, chosen.base_url):
        findings.append(finding)
        print(_printed("\n".join(finding.lines())), flush=True)
    print(verdict(findings))
    return 1 if any(finding.level == "problem" for finding in findings) else 0


def _models(chosen: argparse.Namespace) -> int:
    kind: str | None = chosen.type
    try:
        with SiliconFlowClient(
            base_url=chosen.base_url, timeout=LOOK_SECONDS, deadline=LOOK_SECONDS
        ) as client:
            cards = client.models(
                type=kind if kind in TYPES else None,
                sub_type=None if kind in TYPES else kind,
            )
    except SiliconFlowError as error:
        print(_printed(str(error)), file=sys.stderr)
        return 1
    for name in sorted(card.id for card in cards):
        print(_printed(printable(name)))
    return 0
