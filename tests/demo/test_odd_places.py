"""The demonstration where its files, its terminal or its question are not as one expects."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo import session as demo
from demo.report import Report
from demo.vectors import KeptVectors
from siliconflow_simulator import Simulator, local_settings, when
from tests.conftest import ROOT

BREAD = "Bread rises because yeast eats sugar and gives off gas."


@pytest.fixture
def notes(tmp_path: Path) -> str:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "bread.md").write_text(BREAD)
    return str(tmp_path / "notes")


def run(notes: str, *, output: str = "", **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command in the folder above the notes."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DOCS": notes, **variables}
    env.pop("SILICONFLOW_API_KEY", None)
    return subprocess.run(
        ["/bin/sh", "-c", f"exec {sys.executable} -m demo {output}"],
        cwd=Path(notes).parent, env=env, capture_output=True, check=False,
    )  # fmt: skip


def test_vectors_that_cannot_be_kept_are_no_reason_to_stop(
    notes: str, tmp_path: Path, report: Report, paper: io.StringIO
):
    taken = tmp_path / "taken"
    taken.write_text("a file where a folder should be")
    code = demo.run(report, local_settings(), question="Why?", docs=notes, kept_in=taken)
    assert code == 0
    assert "(The vectors are not kept for the next run: File exists.)" in paper.getvalue()
    assert "LlamaIndex" in paper.getvalue()


def test_a_page_that_cannot_be_written_is_told(
    notes: str, tmp_path: Path, report: Report, paper: io.StringIO
):
    code = demo.run(report, local_settings(), question="Why?", docs=notes, page=tmp_path)
    assert code == 1
    assert f"The page {tmp_path.name} cannot be written: Is a directory." in paper.getvalue()


def test_two_runs_at_once_do_not_take_each_other_s_unfinished_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    one, other = KeptVectors(tmp_path), KeptVectors(tmp_path)
    one.put(["a"], [[1.0]])
    other.put(["a"], [[1.0]])
    replace = Path.replace

    def late(unfinished: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "replace", replace)
        monkeypatch.setattr(os, "getpid", lambda: -1)
        other.save()
        return replace(unfinished, target)

    monkeypatch.setattr(Path, "replace", late)
    one.save()
    assert KeptVectors(tmp_path).get("a") == [1.0]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_home_of_nobody_is_no_folder(report: Report, paper: io.StringIO):
    assert demo.run(report, local_settings(), question="Why?", docs="~no-such-user/x") == 1
    assert "~no-such-user/x is not a folder." in paper.getvalue()


def test_a_terminal_that_knows_ascii_only_gets_all_the_rest(notes: str):
    done = run(notes, PYTHONIOENCODING="ascii", QUESTION="面包为什么 rise?")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Question: ????? rise?" in done.stdout
    assert b"yeast" in done.stdout


def test_names_and_questions_that_are_no_utf_8_have_a_mark_in_their_place(notes: str):
    Path(os.fsdecode(os.fsencode(notes) + b"/b\xff.md")).write_text(BREAD + " Twice.")
    question = os.fsdecode(b"Why \xff?")
    done = run(notes, QUESTION=question)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Question: Why �?" in done.stdout.decode()
    assert "b�.md" in done.stdout.decode()


def test_an_output_that_takes_nothing_is_told_in_one_line(notes: str):
    done = run(notes, output=">/dev/full")
    assert done.returncode == 1
    assert done.stderr == b"The output cannot be written: No space left on device.\n"


def test_what_a_model_says_cannot_command_the_terminal(
    notes: str, report: Report, paper: io.StringIO
):
    said = Simulator(answers=lambda call: "red\x1b[31m\x07 and\u3000so\ton\x9b0m.")
    assert demo.run(report, said.settings(), question="a\x1b[31mb", docs=notes) == 0
    printed = paper.getvalue()
    assert "red�[31m� and so on�0m." in printed
    assert "Question: a�[31mb" in printed
    assert "model calls: nothing; it answers by itself" in printed
    assert all(character == "\n" or character.isprintable() for character in printed)


def test_a_model_that_calls_the_tool_with_anything_is_told_so(
    notes: str, report: Report, paper: io.StringIO
):
    rules = [when("Open the passage").calls("open_passage", name=5).then.says("I see.")]
    simulator = Simulator(answers=[*rules, when().says("Gas.")])
    assert demo.run(report, simulator.settings(), question="Why?", docs=notes) == 0
    printed = paper.getvalue()
    assert printed.count("model calls: open_passage(name=5)") == 2
    assert printed.count("model says: I see.") == 2
