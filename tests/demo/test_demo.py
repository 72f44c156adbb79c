"""The demonstration end to end, on a small folder, as a pipe sees it."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from demo import session as demo
from demo.report import Report
from siliconflow_simulator import LocalSettings, Simulator, local_settings

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


@pytest.fixture
def paper() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def report(paper: io.StringIO) -> Report:
    return Report(Console(file=paper, width=110))


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
        found, reranked = part.split("The best of them after rerank")
        assert all(name in found for name in NOTES)
        assert reranked.splitlines()[1].split()[2] == "garden.txt"
        answer = reranked.split("\nAnswer\n")[1].split("(first piece")[0]
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


def test_a_terminal_gets_colours_and_a_bar(notes: str, paper: io.StringIO):
    report = Report(Console(file=paper, width=110, force_terminal=True, color_system="standard"))
    assert demo.run(report, local_settings(), question="When do I water tomatoes?", docs=notes) == 0
    assert "\x1b[" in paper.getvalue()
    assert "Embedding passages" in paper.getvalue()
