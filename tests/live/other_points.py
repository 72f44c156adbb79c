"""The unsettled points of everything but chat (docs/wire.md#unsettled-points), one probe each."""

from __future__ import annotations

import base64
import json
import math
import re
import struct
from typing import Any
from urllib.parse import urlsplit

from siliconflow_client import ocr_request
from tests.live.asking import HELLO, Asking, Probes, message_of, outcome, parsed

point = Probes()

EMBEDDING = "BAAI/bge-m3"
QWEN_EMBEDDING = "Qwen/Qwen3-Embedding-0.6B"
RERANKER = "BAAI/bge-reranker-v2-m3"
QWEN_RERANKER = "Qwen/Qwen3-Reranker-0.6B"
SPEAKER = "FunAudioLLM/CosyVoice2-0.5B"
LISTENER = "FunAudioLLM/SenseVoiceSmall"
PAINTER = "Kwai-Kolors/Kolors"
BATCHED = "deepseek-ai/DeepSeek-V3"
"""One of the models that the batch guide names."""


def embed(ask: Asking, texts: list[str] | str, model: str = EMBEDDING, **fields: Any) -> Any:
    return ask.send("POST", "/embeddings", json={"model": model, "input": texts, **fields})


@point("embedding-batch")
def embedding_batch(ask: Asking) -> str:
    return ", ".join(f"{n}: {outcome(embed(ask, ['a'] * n))}" for n in (33, 64, 65))


@point("embedding-index")
def embedding_index(ask: Asking) -> str:
    body = parsed(embed(ask, ["a", "b", "c"], QWEN_EMBEDDING).content)
    data = body.get("data") if isinstance(body, dict) else None
    return f"{[item.get('index') for item in data or []]}"


@point("embedding-empty")
def embedding_empty(ask: Asking) -> str:
    return outcome(embed(ask, ""))


@point("embedding-dimensions")
def embedding_dimensions(ask: Asking) -> str:
    model = "Qwen/Qwen3-Embedding-8B"
    sizes = (1536, 2560)
    return ", ".join(f"{n}: {outcome(embed(ask, 'a', model, dimensions=n))}" for n in sizes)


@point("base64-order")
def base64_order(ask: Asking) -> str:
    """Whether `encoding_format="base64"` gives the vectors that floats give."""
    texts = ["bread", "Snow is white."]
    plain = _vectors(embed(ask, texts))
    answer = embed(ask, texts, encoding_format="base64")
    if not answer.is_success:
        return outcome(answer)
    packed = _vectors(answer)
    if not plain or len(packed) != len(plain):
        return f"{len(packed)} vectors for {len(texts)} texts"
    if packed == plain:
        return "not understood: floats come all the same"
    for name, order in (("little-endian", "<"), ("big-endian", ">")):
        if all(_is_same(*pair, order) for pair in zip(plain, packed, strict=True)):
            return f"taken, the same vectors as floats, {name} float32"
    return "taken, but no base64 of the same vectors"


def _is_same(plain: Any, packed: Any, order: str) -> bool:
    """Whether both are one vector, but for what float32 has no place for."""
    if not isinstance(plain, list) or not isinstance(packed, str):
        return False
    try:
        numbers = struct.unpack(f"{order}{len(plain)}f", base64.b64decode(packed, validate=True))
    except (ValueError, struct.error):
        return False
    return all(
        math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-7) for a, b in zip(plain, numbers, strict=True)
    )


def _vectors(answer: Any) -> list[Any]:
    body = parsed(answer.content)
    data = body.get("data") if isinstance(body, dict) else None
    return [item.get("embedding") for item in data or []]


def rank(ask: Asking, count: int = 2, model: str = RERANKER, **fields: Any) -> Any:
    documents = [f"Text {number}" for number in range(count)]
    body = {"model": model, "query": "text", "documents": documents, "top_n": 1, **fields}
    return ask.send("POST", "/rerank", json=body)


@point("rerank-documents")
def rerank_documents(ask: Asking) -> str:
    return ", ".join(f"{n}: {outcome(rank(ask, n))}" for n in (64, 65, 129))


@point("rerank-instruction")
def rerank_instruction(ask: Asking) -> str:
    words = "Rank by the number in the text."
    found = [
        f"{name}: {outcome(rank(ask, model=QWEN_RERANKER, **{name: words}))}"
        for name in ("instruction", "instruct")
    ]
    return ", ".join(found)


@point("user-info")
def user_info(ask: Asking) -> str:
    return outcome(ask.send("GET", "/user/info"))


@point("video-statuses")
def video_statuses(ask: Asking) -> str:
    """A film costs more than a run may; only an unknown one is asked for."""
    answer = ask.send("POST", "/video/status", json={"requestId": "nobody-knows-this"})
    body = parsed(answer.content)
    status = body.get("status") if isinstance(body, dict) else None
    return f"an unknown film: {status or outcome(answer)}"


def speak(ask: Asking) -> Any:
    body = {"model": SPEAKER, "input": "Hello.", "voice": f"{SPEAKER}:alex"}
    return ask.send("POST", "/audio/speech", json={**body, "response_format": "wav"})


@point("speech-content-type")
def speech_content_type(ask: Asking) -> str:
    answer = speak(ask)
    return answer.headers.get("content-type") or "none" if answer.is_success else outcome(answer)


@point("transcription-formats")
def transcription_formats(ask: Asking) -> str:
    sound = speak(ask)
    if not sound.is_success:
        return f"no sound to send: {outcome(sound)}"
    answer = ask.send(
        "POST",
        "/audio/transcriptions",
        files={"file": ("a.wav", sound.content, "audio/wav")},
        data={"model": LISTENER, "response_format": "text", "language": "en"},
    )
    return f"{outcome(answer)}, {'JSON' if parsed(answer.content) is not None else 'text'}"


READER = "deepseek-ai/DeepSeek-OCR"
PAGES = ("bread", "cheese", "apples")


def pdf(words: tuple[str, ...]) -> bytes:
    """Write a PDF file by hand, with one word on each page."""
    first = 4  # after the catalogue, the list of pages and the font
    kids = " ".join(f"{first + 2 * page} 0 R" for page in range(len(words)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(words)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for page, word in enumerate(words):
        drawn = f"BT /F1 48 Tf 72 700 Td ({word}) Tj ET"
        objects += [
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font "
            f"<< /F1 3 0 R >> >> /Contents {first + 2 * page + 1} 0 R >>",
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        ]
    text, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(text))
        text += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    return (
        f"{text}xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(text)}\n%%EOF\n"
    ).encode()


def read_aloud(ask: Asking, words: tuple[str, ...]) -> Any:
    request = ocr_request(pdf(words), model=READER, max_tokens=256)
    return ask.send("POST", "/chat/completions", json=request)


@point("pdf-pages")
def pdf_pages(ask: Asking) -> str:
    answer = read_aloud(ask, PAGES)
    said = str(message_of(answer).get("content")).lower()
    found = [word for word in PAGES if word in said]
    return f"{outcome(answer)}, {len(found)} of {len(PAGES)} pages read"


@point("ocr-marks")
def ocr_marks(ask: Asking) -> str:
    answer = read_aloud(ask, PAGES[:1])
    marks = set(re.findall(r"<\|[^|<>]{1,40}\|>", str(message_of(answer).get("content"))))
    return f"{outcome(answer)}, {' '.join(sorted(marks)) or 'no marks'}"


@point("result-hosts")
def result_hosts(ask: Asking) -> str:
    body = {"model": PAINTER, "prompt": "A loaf of bread", "image_size": "512x512"}
    answer = ask.send("POST", "/images/generations", json={**body, "batch_size": 1})
    if not answer.is_success:
        body = {**body, "image_size": "1024x1024", "batch_size": 1}
        answer = ask.send("POST", "/images/generations", json=body)
    made = parsed(answer.content)
    images = made.get("images") if isinstance(made, dict) else None
    if not images:
        return outcome(answer)
    url = str(images[0].get("url"))
    # Without the key, as the client fetches it.
    request = ask.http.build_request("GET", url)
    del request.headers["authorization"]
    file = ask.http.send(request, stream=True, follow_redirects=False)
    file.close()
    where = file.headers.get("location")
    if where is None:
        return f"no redirect (HTTP {file.status_code})"
    same = urlsplit(where).netloc == urlsplit(url).netloc
    return f"redirects to {'the same' if same else 'another'} host"


# --- batches: one of a single request is made; when it has ended, a later run sees its output ----


def batch_file() -> bytes:
    """Write the file of a batch: one request, for a few tokens."""
    messages = [{"role": "user", "content": HELLO}]
    body = {"model": BATCHED, "messages": messages, "max_tokens": 8}
    line = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": body}
    return f"{json.dumps(line)}\n".encode()


def _batches(ask: Asking) -> list[dict[str, Any]]:
    body = parsed(ask.send("GET", "/batches", params={"limit": 20}).content)
    data = body.get("data") if isinstance(body, dict) else None
    return [one for one in data or [] if isinstance(one, dict)]


@point("batch-output")
def batch_output(ask: Asking) -> str:
    for batch in _batches(ask):
        if isinstance(named := batch.get("output_file_id"), str) and named:
            return "a URL" if "://" in named else "an id"
    return "no finished batch to look at"


@point("batch-metadata")
def batch_metadata(ask: Asking) -> str:
    batches = _batches(ask)
    if not batches:
        return "no batch to look at"
    return "echoed" if any(batch.get("metadata") for batch in batches) else "not echoed"


@point("batch-listing")
def batch_listing(ask: Asking) -> str:
    """Whether a new one is in the listing at once."""
    files = {"file": ("live.jsonl", batch_file(), "application/octet-stream")}
    uploaded = ask.send("POST", "/files", files=files, data={"purpose": "batch"})
    answer = parsed(uploaded.content)
    data = answer.get("data", answer) if isinstance(answer, dict) else None
    file_id = data.get("id") if isinstance(data, dict) else None
    if not file_id:
        return f"no file to make one of: {outcome(uploaded)}"
    body = {
        "input_file_id": file_id,
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
        "metadata": {"run": "live"},
    }
    made = ask.send("POST", "/batches", json=body)
    batch = parsed(made.content)
    if not made.is_success or not isinstance(batch, dict):
        return f"no batch is made: {outcome(made)}"
    listed = any(one.get("id") == batch.get("id") for one in _batches(ask))
    return "listed at once" if listed else "not listed at once"


@point("batch-lines")
def batch_lines(ask: Asking) -> str:
    """Without making one of 5,001 lines, only whether a file is asked for."""
    answer = ask.send("POST", "/batches", json={"input_file_id": "file-nobody-knows-this"})
    return f"a batch of an unknown file is {outcome(answer)}"
