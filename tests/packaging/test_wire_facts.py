"""The tables of docs/wire.md say what the client does: errors, retries, switches."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings, SiliconFlowOCRParser
from langchain_siliconflow import SiliconFlowRerank as LangChainRerank
from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowOCRReader
from llama_index_siliconflow import SiliconFlowRerank as LlamaIndexRerank
from siliconflow_client import (
    APIStatusError,
    ChatRequest,
    ClientConfig,
    EmbeddingRequest,
    RerankRequest,
    SiliconFlowClient,
)
from tests.conftest import ROOT
from tests.fixtures import INDEX
from tests.fixtures.outcomes import ERRORS
from tests.packaging.repository import table

PAGE = ROOT / "docs" / "wire.md"
CHAT = {"model": "Qwen/Qwen3-8B", "messages": [{"role": "user", "content": "Hi"}]}


@dataclass(frozen=True)
class Row:
    """One status and code of the table, and what it says of them."""

    status: int
    code: int | None
    error: str
    retried: bool

    def __str__(self) -> str:
        return f"{self.status}-{self.code}"


def error_rows() -> Iterator[Row]:
    for status, codes, _, error, retried, _ in table(PAGE, "errors"):
        for code in [None] if codes == "none" else map(int, codes.split(", ")):
            yield Row(int(status), code, error.strip("`"), {"yes": True, "no": False}[retried])


def code_rows() -> Iterator[tuple[int, int]]:
    """Status and code of the list of all codes that are errors, ranges written out."""
    for status, codes in table(PAGE, "all-codes"):
        if status in {"200", "499"}:  # no error, and one that no client is left to be told
            continue
        for first, last in re.findall(r"\b([2-6]\d{4})(?: to ([2-6]\d{4}))?", codes):
            for code in range(int(first), int(last or first) + 1):
                yield int(status), code


def refused(status: int, body: object) -> APIStatusError:
    """Send a chat whose answer is this, and return the error that it becomes."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    with (
        httpx.Client(transport=transport) as http,
        SiliconFlowClient(api_key="sk-any", http_client=http, max_retries=0) as client,
        pytest.raises(APIStatusError) as caught,
    ):
        client.chat(**CHAT)
    return caught.value


@pytest.mark.parametrize("row", list(error_rows()), ids=str)
def test_a_row_of_the_error_table_is_what_the_client_raises(row: Row):
    body = "Refused." if row.code is None else {"code": row.code, "message": "Refused."}
    error = refused(row.status, body)
    assert type(error).__name__ == row.error
    assert error.is_retryable is row.retried
    # The same number comes as text too.
    if row.code is not None:
        assert type(refused(row.status, {"code": str(row.code), "message": ""})) is type(error)


def test_every_refusal_that_was_printed_has_its_row():
    rows = {(row.status, row.code) for row in error_rows()}
    printed = {(INDEX[file].status, refusal.code) for file, refusal in ERRORS.items()}
    # Those without a code of ours are told apart by their words.
    numbered = {(status, code) for status, code in printed if isinstance(code, int)}
    assert numbered
    assert numbered <= rows


@pytest.mark.parametrize(("status", "code"), list(code_rows()))
def test_a_code_means_its_status_in_the_middle_of_a_stream(status: int, code: int):
    """There the HTTP status was 200, so the code alone tells the class."""
    event = json.dumps({"code": code, "message": "Refused."})
    headers = {"content-type": "text/event-stream"}
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, headers=headers, text=f"data: {event}\n\n")
    )
    with (
        httpx.Client(transport=transport) as http,
        SiliconFlowClient(api_key="sk-any", http_client=http, max_retries=0) as client,
        pytest.raises(APIStatusError) as caught,
    ):
        list(client.stream_chat(**CHAT))
    assert type(caught.value) is type(refused(status, {"code": code, "message": "Refused."}))


@pytest.mark.parametrize(("words", "error"), [row[:2] for row in table(PAGE, "wordings")])
def test_the_words_of_a_refusal_decide_its_class(words: str, error: str):
    for said in re.findall(r"`([^`]+)`", words):
        found = refused(400, {"code": 20015, "message": f"Here: {said} (1)."})
        assert type(found).__name__ == error.strip("`")


def test_every_overflow_wording_is_recognised():
    wordings = [row[0] for row in table(PAGE, "length-limits")]
    assert wordings
    for wording in wordings:
        said = re.findall(r"`([^`]+)`", wording)[0]
        assert type(refused(400, {"code": 20015, "message": said})).__name__ == "ContextLengthError"
        assert type(refused(400, said)).__name__ == "ContextLengthError"


def settings() -> set[str]:
    """Names that a user can set: of requests, clients, and both adapters' classes."""
    names = set(inspect.signature(ClientConfig).parameters)
    for request in (ChatRequest, EmbeddingRequest, RerankRequest):
        names |= set(request.__annotations__)
    names |= set(inspect.signature(SiliconFlowClient(api_key="sk-any").batches.submit).parameters)
    for model in (
        ChatSiliconFlow, SiliconFlowEmbeddings, LangChainRerank, SiliconFlow, SiliconFlowEmbedding, LlamaIndexRerank,
        SiliconFlowOCRParser, SiliconFlowOCRReader,
    ):  # fmt: skip
        names |= set(model.model_fields)
    return names | set(inspect.signature(ChatSiliconFlow.with_structured_output).parameters)


def test_every_switch_of_an_unsettled_point_is_a_setting():
    rows = table(PAGE, "unsettled-points")
    switches = {name for row in rows for name in re.findall(r"`(\w+)`", row[3])}
    assert switches
    assert switches <= settings()


def test_an_unsettled_point_has_a_name_of_its_own_and_says_what_is_done():
    rows = table(PAGE, "unsettled-points")
    names = [row[0].strip("`") for row in rows]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)
    assert all(len(row) == 4 and all(row) for row in rows)
