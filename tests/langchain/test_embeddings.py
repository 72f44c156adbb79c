"""Embeddings: batches, order, limits, errors that name the text."""

from __future__ import annotations

import asyncio
import base64
import json
import pickle
import sys
from array import array
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.exceptions import ModelAuthenticationError
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_siliconflow import (
    ConfigurationError,
    PayloadTooLargeError,
    SiliconFlowEmbeddings,
    SiliconFlowRerank,
)
from siliconflow_client import MAX_EMBEDDING_INPUTS, MAX_RERANK_DOCUMENTS, SiliconFlowError
from siliconflow_client.catalogue.lengths import cut_to, estimate_tokens
from siliconflow_simulator import Simulator
from tests.langchain.wire import Server, error


def embed(embeddings: SiliconFlowEmbeddings, texts: Any, mode: str, **kwargs: Any) -> Any:
    if mode == "sync":
        return embeddings.embed_documents(texts, **kwargs)
    return asyncio.run(embeddings.aembed_documents(texts, **kwargs))


def simulated(**fields: Any) -> SiliconFlowEmbeddings:
    transport = Simulator().transport()
    return SiliconFlowEmbeddings(
        api_key="sk-test",
        http_client=httpx.Client(transport=transport),
        async_http_client=httpx.AsyncClient(transport=transport),
        **fields,
    )


def answer(request: httpx.Request) -> httpx.Response:
    texts = json.loads(request.content)["input"]
    data = [
        {"object": "embedding", "index": number, "embedding": [float(len(text)), 0.25]}
        for number, text in enumerate(texts)
    ]
    counts = {"prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1}
    return httpx.Response(200, json={"model": "m", "data": data, "usage": counts})


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(
    ("field", "per_call", "sizes"),
    [(32, None, [32, 32, 6]), (10, None, [10] * 7), (32, 64, [64, 6])],
)
def test_chunk_size(mode: str, field: int, per_call: int | None, sizes: list[int]) -> None:
    server = Server(answer)
    embeddings = SiliconFlowEmbeddings(model="m", chunk_size=field, **server.clients)
    embed(embeddings, ["x"] * 70, mode, chunk_size=per_call)
    # Side by side: threads do not arrive in the order in which they were begun.
    assert sorted((len(body["input"]) for body in server.bodies), reverse=True) == sizes


def test_batch_sizes_are_the_clients() -> None:
    assert SiliconFlowEmbeddings(api_key="k").chunk_size == MAX_EMBEDDING_INPUTS
    assert SiliconFlowRerank(api_key="k").chunk_size == MAX_RERANK_DOCUMENTS


def test_chunk_size_has_limits() -> None:
    with pytest.raises(ValueError, match="chunk_size"):
        SiliconFlowEmbeddings(api_key="k", chunk_size=65)
    with pytest.raises(ConfigurationError, match="chunk_size"):
        SiliconFlowEmbeddings(api_key="k").embed_documents(["x"], chunk_size=0)


def test_async_requests_run_side_by_side_within_the_limit() -> None:
    running, most = 0, 0

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return answer(request)

    embeddings = SiliconFlowEmbeddings(
        model="m",
        api_key="k",
        chunk_size=1,
        max_concurrency=3,
        async_http_client=httpx.AsyncClient(transport=httpx.MockTransport(handle)),
    )
    texts = ["x" * size for size in range(1, 13)]
    vectors = asyncio.run(embeddings.aembed_documents(texts))
    assert [vector[0] for vector in vectors] == [float(size) for size in range(1, 13)]
    assert most == 3


def test_the_first_failure_ends_the_others() -> None:
    server = Server(error(401, {"code": 30014, "message": "Token is invalid.", "data": None}))
    embeddings = SiliconFlowEmbeddings(model="m", chunk_size=1, max_concurrency=1, **server.clients)
    with pytest.raises(ModelAuthenticationError):
        asyncio.run(embeddings.aembed_documents(["x"] * 20))
    assert len(server.requests) == 1


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_only_the_failed_batch_is_sent_again(mode: str) -> None:
    server = Server(answer, error(503, {"code": 50508, "message": "busy", "data": None}), answer)
    embeddings = SiliconFlowEmbeddings(model="m", chunk_size=2, max_concurrency=1, **server.clients)
    embeddings._client._sleep = lambda _: None

    async def at_once(_: float) -> None:
        return None

    embeddings._async_client._sleep = at_once
    assert len(embed(embeddings, ["a", "b", "c", "d"], mode)) == 4
    assert [body["input"] for body in server.bodies] == [["a", "b"], ["c", "d"], ["c", "d"]]


def test_base64_gives_the_same_floats() -> None:
    floats = [0.5, -0.25, 0.125, 1.0]
    packed = base64.b64encode(array("f", floats).tobytes()).decode()
    data = [{"object": "embedding", "index": 0, "embedding": packed}]
    server = Server(httpx.Response(200, json={"model": "m", "data": data}))
    embeddings = SiliconFlowEmbeddings(model="m", encoding_format="base64", **server.clients)
    assert embeddings.embed_query("x") == floats
    assert server.body["encoding_format"] == "base64"


def test_float_and_base64_agree_on_the_simulator() -> None:
    plain, packed = simulated(), simulated(encoding_format="base64")
    assert packed.embed_query("hello") == pytest.approx(plain.embed_query("hello"), abs=1e-6)


def test_too_few_vectors_are_an_error() -> None:
    data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
    server = Server(httpx.Response(200, json={"model": "m", "data": data}))
    with pytest.raises(SiliconFlowError):
        SiliconFlowEmbeddings(model="m", max_retries=0, **server.clients).embed_documents(
            ["a", "b"]
        )


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_text_that_is_too_long_is_named(mode: str) -> None:
    texts = ["short"] * 40
    texts[35] = "word " * 9000
    with pytest.raises(SiliconFlowError, match=r"texts\[35\] \(45000 characters\) is too long"):
        embed(simulated(), texts, mode)


@pytest.mark.parametrize(
    "refusal",
    [
        error(
            413, {"code": 20042, "message": "input must have less than 512 tokens", "data": None}
        ),
        error(400, {"code": 20015, "message": "The parameter is invalid. Please check again."}),
    ],
    ids=["413", "400"],
)
def test_both_wordings_name_the_text(refusal: httpx.Response) -> None:
    embeddings = SiliconFlowEmbeddings(model="BAAI/bge-large-zh-v1.5", **Server(refusal).clients)
    with pytest.raises(SiliconFlowError, match=r"texts\[1\] .* 512 tokens"):
        embeddings.embed_documents(["a", "字" * 600, "b"])


def test_when_no_estimate_is_too_long_the_longest_is_named() -> None:
    message = "input must have less than 8192 tokens"
    server = Server(error(413, {"code": 20042, "message": message, "data": None}))
    embeddings = SiliconFlowEmbeddings(model="BAAI/bge-m3", **server.clients)
    with pytest.raises(SiliconFlowError, match=r"texts\[1\] \(9 characters\)"):
        embeddings.embed_documents(["short", "longer...", "brief"])


def test_other_refusals_blame_no_text() -> None:
    server = Server(error(400, {"code": 20012, "message": "Model does not exist.", "data": None}))
    with pytest.raises(SiliconFlowError) as caught:
        SiliconFlowEmbeddings(model="m", **server.clients).embed_documents(["a"])
    assert "texts[" not in str(caught.value)


def test_a_progress_bar_without_tqdm_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="pip install tqdm"):
        simulated(show_progress_bar=True).embed_documents(["a"])


def test_a_batch_that_is_too_large_blames_no_text() -> None:
    message = "input batch size 64 > maximum allowed batch size 32"
    server = Server(error(413, {"code": 20042, "message": message, "data": None}))
    embeddings = SiliconFlowEmbeddings(model="m", chunk_size=64, **server.clients)
    with pytest.raises(PayloadTooLargeError) as caught:
        embeddings.embed_documents(["x"] * 64)
    assert "texts[" not in str(caught.value)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_truncate_cuts_what_may_be_too_long(mode: str) -> None:
    texts = ["short", "word " * 9000, "字" * 9000]
    assert len(embed(simulated(truncate=True), texts, mode)) == 3


@pytest.mark.parametrize("text", ["", "abc", "word " * 50, "字" * 50, "a字" * 50, "🎈" * 50])
@pytest.mark.parametrize("limit", [5, 20, 64])
def test_cutting_stays_within_the_estimate(text: str, limit: int) -> None:
    cut = cut_to(text, limit)
    assert text.startswith(cut)
    assert estimate_tokens(cut) <= limit or cut == ""
    assert estimate_tokens(text) > limit or cut == text


def test_input_is_checked_before_any_request() -> None:
    server = Server(answer)
    embeddings = SiliconFlowEmbeddings(model="m", **server.clients)
    with pytest.raises(ConfigurationError, match=r"texts\[1\] must be a string, not int"):
        embeddings.embed_documents(["a", 1])
    with pytest.raises(ConfigurationError, match="not one string"):
        embeddings.embed_documents("abc")
    assert server.requests == []


def test_keywords() -> None:
    assert SiliconFlowEmbeddings(api_key="k", model_name="m", request_timeout=5).timeout == 5
    with pytest.raises(ConfigurationError, match="did you mean 'dimensions'"):
        SiliconFlowEmbeddings(api_key="k", dimension=5)
    with pytest.raises(ConfigurationError, match="goes into model_kwargs"):
        SiliconFlowEmbeddings(api_key="k", zzz=5)
    with pytest.raises(ConfigurationError, match="sent as text, not as token ids"):
        SiliconFlowEmbeddings(api_key="k", check_embedding_ctx_length=True)
    # OpenAIEmbeddings needs it off for any other server, so it is in everybody's code.
    assert SiliconFlowEmbeddings(api_key="k", check_embedding_ctx_length=False).chunk_size == 32
    server = Server(answer)
    SiliconFlowEmbeddings(
        model="m", user="u", model_kwargs={"truncate": "left"}, **server.clients
    ).embed_query("x")
    assert server.body == {"model": "m", "input": ["x"], "user": "u", "truncate": "left"}


def test_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    simulated(show_progress_bar=True).embed_documents(["a"] * 40)
    assert "40/40" in capsys.readouterr().err


def test_pickle_masks_and_copies() -> None:
    embeddings = SiliconFlowEmbeddings(api_key="sk-secret")
    assert "sk-secret" not in repr(embeddings)
    assert pickle.loads(pickle.dumps(embeddings)).model_dump() == embeddings.model_dump()


def test_in_a_vector_store() -> None:
    store = InMemoryVectorStore(simulated())
    store.add_texts(["cats purr and sleep", "gzip compresses files", "Paris is in France"])
    assert store.similarity_search("how are files compressed?", k=1)[0].page_content == (
        "gzip compresses files"
    )


# --- images ---------------------------------------------------------------------------------

SEEING = "Qwen/Qwen3-VL-Embedding-8B"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
PNG_URI = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
CAR = "https://example.com/car.jpg"


def embed_images(embeddings: SiliconFlowEmbeddings, uris: Any, mode: str, **kwargs: Any) -> Any:
    if mode == "sync":
        return embeddings.embed_image(uris, **kwargs)
    return asyncio.run(embeddings.aembed_image(uris, **kwargs))


def one_each(request: httpx.Request) -> httpx.Response:
    """The vector of an image is the length of what was sent for it."""
    given = json.loads(request.content)["input"]
    data = [{"embedding": [float(len(item["image"]))]} for item in given]
    return httpx.Response(200, json={"model": SEEING, "data": data})


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_images_travel_as_urls_or_as_data_uris(mode: str, tmp_path: Path) -> None:
    file = tmp_path / "car.png"
    file.write_bytes(PNG)
    server = Server(one_each)
    embeddings = SiliconFlowEmbeddings(model=SEEING, **server.clients)
    uris = [CAR, str(file), file, file.as_uri(), PNG, PNG_URI]
    vectors = embed_images(embeddings, uris, mode)
    assert [item["image"] for item in server.body["input"]] == [CAR] + [PNG_URI] * 5
    assert vectors == [[float(len(CAR))]] + [[float(len(PNG_URI))]] * 5
    assert len(server.requests) == 1  # nothing is fetched


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(
    ("field", "per_call", "sizes"), [(32, None, [8, 8, 4]), (5, None, [5] * 4), (32, 16, [16, 4])]
)
def test_images_go_eight_in_a_request(
    mode: str, field: int, per_call: int | None, sizes: list[int]
) -> None:
    server = Server(one_each)
    embeddings = SiliconFlowEmbeddings(
        model=SEEING, chunk_size=field, max_concurrency=1, **server.clients
    )
    embed_images(embeddings, [CAR] * 20, mode, chunk_size=per_call)
    assert [len(body["input"]) for body in server.bodies] == sizes


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(
    ("model", "uris", "argument"),
    [
        (SEEING, [CAR, "/nowhere/car.png"], "uris[1]"),
        (SEEING, [CAR, b"no image"], "uris[1]"),
        (SEEING, CAR, "uris"),
        ("BAAI/bge-m3", [CAR], "uris"),
    ],
)
def test_an_image_that_cannot_be_embedded_is_named(
    mode: str, model: str, uris: Any, argument: str
) -> None:
    server = Server(one_each)
    embeddings = SiliconFlowEmbeddings(model=model, **server.clients)
    with pytest.raises(ConfigurationError) as caught:
        embed_images(embeddings, uris, mode)
    assert caught.value.argument == argument
    assert server.requests == []


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_texts_and_images_are_embedded_into_one_space(mode: str) -> None:
    embeddings = simulated(model=SEEING)
    mixed = embed(embeddings, ["a red car", {"text": "a red car"}, {"image": CAR}], mode)
    assert mixed[0] == mixed[1]
    assert [mixed[2]] == embed_images(embeddings, [CAR], mode)
    with pytest.raises(ConfigurationError, match=r"texts\[1\]"):
        embed(simulated(), ["a", {"image": CAR}], mode)
