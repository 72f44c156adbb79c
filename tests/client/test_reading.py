"""Images and PDF files for a model that reads them: the request, the text, the file's name."""

from __future__ import annotations

import io
import os
import pickle
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from siliconflow_client import (
    OCR_PROMPT,
    ConfigurationError,
    OCRSettings,
    ServerError,
    about_file,
    lookup_model,
    ocr_request,
    ocr_text,
)
from siliconflow_client.media.reading import MAX_DOCUMENT_BYTES
from tests.conftest import ROOT

PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)
PDF = b"%PDF-1.7\n" + bytes(30)


def url_of(request: Any) -> str:
    return request["messages"][0]["content"][0]["image_url"]["url"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff" + bytes(9), "image/jpeg"),
        (b"II*\0" + bytes(9), "image/tiff"),
        (PDF, "application/pdf"),
        (b"\r\n" * 400 + PDF, "application/pdf"),
    ],
)
@pytest.mark.parametrize("form", ["bytes", "path", "text", "file"])
def test_a_file_travels_as_what_it_is(content: bytes, kind: str, form: str, tmp_path: Path):
    path = tmp_path / "without-a-suffix"
    path.write_bytes(content)
    source = {"bytes": content, "path": path, "text": str(path), "file": io.BytesIO(content)}[form]
    head, _, data = url_of(ocr_request(source)).partition(",")
    assert head == f"data:{kind};base64"
    assert b64decode(data) == content


def test_the_request_is_the_documented_one():
    request: Any = ocr_request(PDF)
    assert request["model"] == "deepseek-ai/DeepSeek-OCR"
    assert "pdf" in lookup_model(request["model"]).inputs
    assert set(request) == {"model", "messages"}
    (message,) = request["messages"]
    assert [part["type"] for part in message["content"]] == ["image_url", "text"]
    assert (
        message["content"][1]["text"] == "<image>\n<|grounding|>Convert the document to markdown."
    )


def test_the_prompt_is_among_the_documented_ones():
    page = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
    prompts = re.findall(r"^\| `(<image>.+?)` \|", page, re.MULTILINE)
    assert len(prompts) == 6
    assert OCR_PROMPT.replace("\n", "\\n").replace("|", "\\|") in prompts


def test_model_prompt_and_length_are_what_was_asked_for():
    request: Any = ocr_request(PNG, model="acme/eyes", prompt="OCR:", max_tokens=5)
    assert (request["model"], request["max_tokens"]) == ("acme/eyes", 5)
    assert request["messages"][0]["content"][1]["text"] == "OCR:"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 a document of an office program", "no PNG"),
        (b"just words", "no PNG"),
        (PDF[:4], "no PNG"),
        (b"x" * 2000 + PDF, "no PNG"),
        (PNG + bytes(20 * 2**20), "20 MiB"),
        (PDF + bytes(MAX_DOCUMENT_BYTES), "50 MiB"),
    ],
    ids=["empty", "office", "words", "half", "late", "large image", "large PDF"],
)
def test_what_no_model_reads_is_refused_before_it_is_sent(content: bytes, reason: str):
    with pytest.raises(ConfigurationError, match=reason) as caught:
        ocr_request(content)
    assert caught.value.argument == "file"


def test_a_model_that_reads_no_pdf_files_is_given_none():
    with pytest.raises(ConfigurationError, match="reads no PDF") as caught:
        ocr_request(PDF, model="Qwen/Qwen3-VL-32B-Instruct")
    assert "deepseek-ai/DeepSeek-OCR" in str(caught.value.hint)
    assert url_of(ocr_request(PDF, model="acme/unknown")).startswith("data:application/pdf")
    assert url_of(ocr_request(PNG, model="Qwen/Qwen3-VL-32B-Instruct"))


@pytest.mark.parametrize("name", ["none.png", ".", "pipe", "a\0b", "http://127.0.0.1:9/a.png", "data:,x"])  # fmt: skip
def test_what_is_no_file_is_refused(name: str, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        ocr_request(f"{tmp_path}/{name}" if ":" not in name else name)
    assert str(tmp_path) not in str(caught.value)


# --- the text --------------------------------------------------------------------------------

MARKED = """<|ref|>title<|/ref|><|det|>[[14, 6, 370, 12]]<|/det|>
# Invoice

<|ref|>sub_title<|/ref|><|det|>[[14, 16, 370, 22]]<|/det|>
## Total: 7 < 8

<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>
<|ref|>table<|/ref|><|det|>[[1, 2, 3, 4], [5, 6, 7, 8]]<|/det|>
| a | b |"""


def test_marks_of_places_are_taken_out_and_words_stay():
    assert ocr_text(MARKED) == "# Invoice\n\n## Total: 7 < 8\n\n| a | b |"


def test_words_inside_marks_stay_too():
    answer = "<|ref|>Total<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n<|ref|>seven<|/ref|><|det|>[[5, 6, 7, 8]]<|/det|>\n"
    assert ocr_text(answer, "<image>\n<|grounding|>OCR this image.") == "Total\nseven"
    assert (
        ocr_text("<|ref|>## (15) Costs<|/ref|><|det|>[[1]]<|/det|>Seven.") == "## (15) CostsSeven."
    )


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "# Plain\n\ntext",
        "a <|ref|> that never ends",
        "<|det|>[[1]]<|/det|> alone",
        "<b>x</b>",
    ],
)
def test_a_text_without_whole_marks_stays_as_it_is(answer: str):
    assert ocr_text(answer) == answer


@pytest.mark.parametrize("piece", ["<|ref|>", "<|ref|>a", "<|ref|>a<|/ref|><|det|>", " \t"])
def test_hostile_answers_take_no_longer_than_others(piece: str):
    answer = piece * (2_000_000 // len(piece))
    assert len(ocr_text(answer)) <= len(answer)


class Answer:
    def __init__(self, text: str, finish_reason: str | None) -> None:
        self.text = text
        self.finish_reason = finish_reason


@pytest.mark.parametrize("boxes", [False, True])
def test_a_text_that_was_cut_off_is_kept_and_warned_of(boxes: bool):
    settings = OCRSettings(boxes=boxes)
    answer: Any = Answer(MARKED, "length")
    with pytest.warns(UserWarning, match=r"^page 1\.pdf: the text ends in the middle.*max_tokens"):
        text = settings._text(answer, "/home/me/page 1.pdf")
    assert text == (MARKED if boxes else ocr_text(MARKED))


@pytest.mark.parametrize(("name", "value"), [("max_tokens", 0), ("model", None), ("boxes", "so")])
def test_a_setting_that_cannot_be_meant_is_refused(name: str, value: Any):
    with pytest.raises(ConfigurationError, match=name):
        OCRSettings(**{name: value})


# --- whose fault -----------------------------------------------------------------------------


def failing(path: str) -> ServerError:
    error = ServerError("Request failed.", status_code=500, trace_id="ti_1", host="h")
    with pytest.raises(ServerError) as caught, about_file(path):
        raise error
    assert caught.value is error
    return error


@pytest.mark.parametrize("path", ["/secret/place/page.pdf", "page.pdf", "C:\\secret\\page.pdf"])
def test_an_error_begins_with_the_name_of_its_file(path: str):
    error = failing(path)
    again = pickle.loads(pickle.dumps(error))
    for text in (str(error), str(again)):
        assert text.startswith("HTTP 500: page.pdf: Request failed.")
        assert "ti_1" in text
        assert "secret" not in text
    assert "page.pdf" in repr(again)


def test_a_name_is_shown_in_one_short_line():
    error = failing("a\x1b[31m" + "b" * 10_000 + "\n.pdf")
    assert "\x1b" not in str(error)
    assert len(str(error).splitlines()) == 1
    assert len(str(error)) < 300


def test_other_errors_are_left_alone():
    with pytest.raises(KeyError, match="^'page'$"), about_file("page.pdf"):
        raise KeyError("page")
