"""Answer a question from documents, through LangChain and then through LlamaIndex.

`make demo`, `make demo QUESTION="How do I compress a file with gzip?"`, `make demo DOCS=folder`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from demo.corpus import CorpusError, Passage, folder, standard_library
from demo.pipeline import Pipeline
from demo.report import Report
from siliconflow_client import ClientConfig, SiliconFlowError
from siliconflow_simulator import LocalSettings, local_settings

DEFAULT_QUESTION = "How do I parse command line arguments?"


def main() -> int:
    """Run the demo as the environment asks; 0 when it went well, 1 when not."""
    return run(
        Report(),
        local_settings(),
        question=os.environ.get("QUESTION", "").strip() or DEFAULT_QUESTION,
        docs=os.environ.get("DOCS", "").strip(),
    )


def run(report: Report, settings: LocalSettings, *, question: str, docs: str = "") -> int:
    """Ask `question` about the folder `docs`, or about the standard library."""
    try:
        report.line(_where(settings), style="bold yellow")
        began = perf_counter()
        passages = folder(Path(docs).expanduser()) if docs else standard_library()
        source = docs or "the docstrings of Python's standard library"
        report.line(
            f"{len(passages)} passages from {source}, read in {perf_counter() - began:.1f} s"
        )
        report.line(f"Question: {question}")
        for make_pipeline in (_langchain, _llama_index):
            _show(make_pipeline, settings, report, passages, question)
    except CorpusError as error:
        report.line(str(error), style="red")
        return 1
    except SiliconFlowError as error:
        report.line(f"\n{error}", style="red")
        if error.hint and error.hint not in str(error):
            report.line(error.hint)
        return 1
    return 0


def _where(settings: LocalSettings) -> str:
    if settings:
        return (
            "No SILICONFLOW_API_KEY: a simulator in this process answers, no network, no model. "
            "Its answers are quoted from the passages."
        )
    return f"SILICONFLOW_API_KEY is set: {ClientConfig().base_url} answers."


def _show(
    make_pipeline: Callable[[LocalSettings], Pipeline],
    settings: LocalSettings,
    report: Report,
    passages: Sequence[Passage],
    question: str,
) -> None:
    began = perf_counter()
    pipeline = make_pipeline(settings)
    report.heading(pipeline.framework)
    report.line(f"(imported and set up in {perf_counter() - began:.2f} s)", style="dim")
    with report.progress("Embedding passages", len(passages)) as advance:
        pipeline.index(passages, advance)
    with report.step("search"):
        found = pipeline.search(question)
        report.hits(f"Nearest by embedding, of {len(passages)} (similarity)", found)
    with report.step("rerank"):
        best = pipeline.rerank(question, found)
        report.hits("The best of them after rerank (relevance)", best)
    report.stream("Answer", pipeline.answer(question, best))
    with report.step("tool call"):
        report.tool(pipeline.use_tool(best[0].passage.title))
    report.total(pipeline.tokens, perf_counter() - began)


def _langchain(settings: LocalSettings) -> Pipeline:
    from demo.langchain_pipeline import LangChainPipeline

    return LangChainPipeline(settings)


def _llama_index(settings: LocalSettings) -> Pipeline:
    from demo.llama_index_pipeline import LlamaIndexPipeline

    return LlamaIndexPipeline(settings)


if __name__ == "__main__":
    sys.exit(main())
