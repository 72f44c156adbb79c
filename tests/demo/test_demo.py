"""The demonstration end to end, on a small folder, as a pipe sees it."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.cells import cell_len
from rich.console import Console

from demo import session as demo
from demo.report import Report
from siliconflow_simulator import LocalSettings, Simulator, local_settings
from tests.conftest import ROOT

NOTES = {
    "bread.md": "# Bread\n\nBread rises because yeast eats sugar and gives off gas.",
    "garden.txt": "Water tomatoes in the morning, at the root, twice a week.",
    "library.rst": "Books can be kept for four weeks and renewed twice.",
}


@pytest.fixture
def notes(tmp_path: Path) -> str:
    for name, text in NOTES.items():
        (tmp_path / name).write_text(text)
    return str(tmp_path)


def test_a_question_about_a_folder(notes: str, report: Report, paper: io.StringIO):
    code = demo.run(report, local_settings(), question="When do I water tomatoes?", docs=notes)
    printed = paper.getvalue()
    assert code == 0, printed
    assert printed.startswith("No SILICONFLOW_API_KEY: a simulator in this process answers")
    assert "3 passages from" in printed
    head, langchain, llama_index = printed.replace("== LlamaIndex", "== LangChain").split(
        "== LangChain"
    )
    assert "Question: When do I water tomatoes?" in head
    for part in (langchain, llama_index):
        found, reranked = part.split("The best of 3 after rerank")
        assert all(name in found for name in NOTES)
        assert reranked.splitlines()[1].split()[2] == "garden.txt"
        answer = reranked.split("\nAnswer (quoted by the simulator)\n")[1].split("(first piece")[0]
        assert "in the morning" in answer
        assert "model calls: open_passage(title='garden.txt')" in reranked
        assert "tool returns: Water tomatoes in the morning" in reranked
        assert "model says: " in reranked
        read, written = reranked.split("Chat tokens: ")[1].split(" written")[0].split(" read, ")
        assert int(read) > int(written) > 0
    assert "\x1b" not in printed, "a pipe gets no colours"


def test_a_wrong_key_is_told_in_plain_words(notes: str, report: Report, paper: io.StringIO):
    transport = Simulator(api_keys={"sk-right"}).transport()
    settings: LocalSettings = {
        "api_key": "sk-wrong",
        "http_client": httpx.Client(transport=transport),
        "async_http_client": httpx.AsyncClient(transport=transport),
    }
    assert demo.run(report, settings, question="Why?", docs=notes) == 1
    printed = paper.getvalue()
    assert "401" in printed
    assert "api.siliconflow.cn" in printed
    assert "Traceback" not in printed
    assert "sk-wrong" not in printed
    assert printed.count("Hint: ") == 1


def test_an_empty_folder_is_told_in_plain_words(tmp_path: Path, report: Report, paper: io.StringIO):
    assert demo.run(report, local_settings(), question="Why?", docs=str(tmp_path)) == 1
    assert "holds no .md, .py, .rst, .txt files" in paper.getvalue()


def test_the_first_line_says_when_the_api_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-test")
    monkeypatch.setenv("DOCS", str(tmp_path))
    assert demo.main() == 1  # the folder is empty: nothing is sent
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "SILICONFLOW_API_KEY is set: https://api.siliconflow.cn/v1 answers."


@pytest.mark.parametrize("width", [60, 80, 110])
@pytest.mark.parametrize("question", ["When do I water tomatoes?", "什么时候给番茄浇水？"])
def test_at_any_width_everything_is_whole(
    tmp_path: Path, paper: io.StringIO, width: int, question: str
):
    long = "a-folder-with-a-long-name/a-file-with-a-name-that-is-longer-still.txt"
    notes = {**NOTES, long: "Water cucumbers daily. " + "Incomprehensibilities grow. " * 9}
    for name, text in notes.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    report = Report(Console(file=paper, width=width))
    page = tmp_path / "page.html"
    assert demo.run(report, local_settings(), question=question, docs=str(tmp_path), page=page) == 0
    printed = paper.getvalue()
    places = [line for line in printed.splitlines() if str(tmp_path) not in line]
    too_long = [line for line in places if cell_len(line) > width and long not in line]
    assert too_long == []
    known = set(" ".join([*notes, *notes.values()]).split())
    for name in notes:
        assert printed.count(name) >= 3
    broken = [word for word in printed.split() if word.startswith("Incompre") and word not in known]
    assert broken == []
    ranks = re.findall(r"^ {1,2}(\d+)\.  (-?0\.\d{3})", printed, re.MULTILINE)
    assert [int(rank) for rank, _ in ranks] == [1, 2, 3, 4] * 4
    assert "quoted by the simulator" in page.read_text(encoding="utf-8")


def test_the_second_run_asks_for_one_vector(notes: str, tmp_path: Path, paper: io.StringIO):
    kept = tmp_path / "kept"
    first, second = Simulator(), Simulator()
    for simulator in (first, second):
        settings = simulator.settings()
        report = Report(Console(file=paper, width=110))
        assert demo.run(report, settings, question="When?", docs=notes, kept_in=kept) == 0
    texts: list[Any] = []
    for asked in second.requests:
        if asked.path == "/v1/embeddings":
            given: Any = asked.body["input"]
            texts += [given] if isinstance(given, str) else given
    probe = f"bread.md\n\n{NOTES['bread.md']}"
    assert texts == [probe, "When?"] * 2
    assert "Embedding passages: 1 in" in paper.getvalue()


def test_ctrl_c_ends_with_one_line_and_no_traceback(notes: str):
    environment = {**os.environ, "DOCS": notes, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "demo"]
    with subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline().startswith("No SILICONFLOW_API_KEY")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "\nStopped.\n"


def test_a_terminal_gets_colours_and_a_bar(notes: str, paper: io.StringIO):
    report = Report(Console(file=paper, width=110, force_terminal=True, color_system="standard"))
    assert demo.run(report, local_settings(), question="When do I water tomatoes?", docs=notes) == 0
    assert "\x1b[" in paper.getvalue()
    assert "Embedding passages" in paper.getvalue()
