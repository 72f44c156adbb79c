"""One run of the demo: read, embed, ask through both frameworks, draw the page."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from demo.corpus import CorpusError, Passage, folder, standard_library
from demo.page import write_page
from demo.pipeline import KEPT, SHOWN, Outcome, Pipeline
from demo.report import Report
from demo.vectors import KeptVectors
from siliconflow_client import DEFAULT_EMBEDDING_MODEL, ClientConfig, SiliconFlowError
from siliconflow_simulator import LocalSettings, local_settings

DEFAULT_QUESTION = "How do I parse command line arguments?"
KEPT_IN = Path(".demo")
PAGE = Path("demo.html")
QUOTED = "quoted by the simulator"

MakePipeline = Callable[[LocalSettings, KeptVectors], Pipeline]


def main() -> int:
    """Run the demo as the environment asks; 0 when it went well, 1 when not."""
    return run(
        Report(),
        local_settings(),
        question=_utf8(os.environ.get("QUESTION", "")).strip() or DEFAULT_QUESTION,
        docs=os.environ.get("DOCS", "").strip(),
        kept_in=KEPT_IN,
        page=PAGE,
    )


def run(
    report: Report,
    settings: LocalSettings,
    *,
    question: str,
    docs: str = "",
    kept_in: Path | None = None,
    page: Path | None = None,
) -> int:
    """Ask `question` about the folder `docs`, or about the standard library.

    Args:
        report: Where to print.
        settings: What the models are made with; empty where the API itself answers.
        question: The question.
        docs: A folder of the reader's own.
        kept_in: Where vectors are kept for the next run.
        page: Where to draw the page of the run.
    """
    try:
        where = "simulator" if settings else ClientConfig().base_url
        report.line(_where(settings), style="bold yellow")
        began = perf_counter()
        passages = folder(_home(docs)) if docs else standard_library()
        source = docs or "the docstrings of Python's standard library"
        report.line(
            f"{len(passages)} passages from {source}, read in {perf_counter() - began:.1f} s"
        )
        report.line(f"Question: {question}")
        vectors = KeptVectors(kept_in, f"{where} {DEFAULT_EMBEDDING_MODEL}")
        outcomes = [
            _ask(make_pipeline, settings, vectors, report, passages, question)
            for make_pipeline in (_langchain, _llama_index)
        ]
        if page is not None and not _draw(page, question, outcomes, settings, report):
            return 1
    except CorpusError as error:
        report.line(str(error), style="red")
        return 1
    except SiliconFlowError as error:
        report.line(f"\n{error}", style="red")
        return 1
    return 0


def _utf8(text: str) -> str:
    return os.fsencode(text).decode(errors="replace")


def _home(docs: str) -> Path:
    try:
        return Path(docs).expanduser()
    except RuntimeError:  # the home of a user whom nobody knows
        return Path(docs)


def _draw(
    page: Path,
    question: str,
    outcomes: Sequence[Outcome],
    settings: LocalSettings,
    report: Report,
) -> bool:
    try:
        write_page(page, question, outcomes, quoted=QUOTED if settings else "")
    except OSError as error:
        reason = error.strerror or str(error)
    else:
        report.line(f"\nThe same as a page: {page}", style="bold")
        return True
    report.line(f"\nThe page {page.name} cannot be written: {reason}.", style="red")
    return False


def _keep(vectors: KeptVectors) -> str:
    """Keep the vectors; return why that cannot be, "" where it can."""
    try:
        vectors.save()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _where(settings: LocalSettings) -> str:
    if settings:
        return (
            "No SILICONFLOW_API_KEY: a simulator in this process answers, no network, no model. "
            "Its answers are quoted from the passages."
        )
    return f"SILICONFLOW_API_KEY is set: {ClientConfig().base_url} answers."


def _ask(
    make_pipeline: MakePipeline,
    settings: LocalSettings,
    vectors: KeptVectors,
    report: Report,
    passages: Sequence[Passage],
    question: str,
) -> Outcome:
    began = perf_counter()
    report.seconds = {}
    with report.timed("import and set up"):
        pipeline = make_pipeline(settings, vectors)
    report.heading(pipeline.framework)
    report.line(
        f"(imported and set up in {report.seconds['import and set up']:.2f} s)", style="dim"
    )
    with (
        report.timed("embed passages"),
        report.progress("Embedding passages", len(passages)) as advance,
    ):
        made = pipeline.index(passages, advance)
        not_kept = _keep(vectors)
    if not_kept:
        report.line(f"(The vectors are not kept for the next run: {not_kept}.)", style="dim")
    report.line(
        f"Embedding passages: {made} in {report.seconds['embed passages']:.2f} s"
        + (f", {len(passages) - made} kept from before" if made < len(passages) else "")
    )
    with report.step("search"):
        found = pipeline.search(question)
        report.hits(f"Nearest by embedding, of {len(passages)} (similarity)", found[:SHOWN])
    with report.step("rerank"):
        ranked = pipeline.rerank(question, found)
        best = ranked[:KEPT]
        report.hits(f"The best of {len(found)} after rerank (relevance)", best, previews=True)
    quoted = f" ({QUOTED})" if settings else ""
    answer = report.stream(f"Answer{quoted}", pipeline.answer(question, best))
    with report.step("tool call"):
        tool = pipeline.use_tool(best[0].passage.title)
        report.tool(tool)
    report.seconds["everything"] = perf_counter() - began
    report.total(pipeline.tokens, report.seconds["everything"])
    return Outcome(
        framework=pipeline.framework,
        found=found,
        ranked=ranked,
        answer=answer,
        tool=tool,
        tokens=pipeline.tokens,
        seconds=report.seconds,
    )


def _langchain(settings: LocalSettings, vectors: KeptVectors) -> Pipeline:
    from demo.langchain_pipeline import LangChainPipeline

    return LangChainPipeline(settings, vectors)


def _llama_index(settings: LocalSettings, vectors: KeptVectors) -> Pipeline:
    from demo.llama_index_pipeline import LlamaIndexPipeline

    return LlamaIndexPipeline(settings, vectors)
