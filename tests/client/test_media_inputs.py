"""Images as inputs of the vision models: URLs stay, files and bytes become data URIs."""

from __future__ import annotations

import base64
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from siliconflow_client import ConfigurationError, image_input
from siliconflow_client.endpoints.media_inputs import MAX_IMAGE_BYTES

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


def uri(kind: str, content: bytes) -> dict[str, Any]:
    return {"image": f"data:{kind};base64,{base64.b64encode(content).decode()}"}


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/car.jpg?size=2",
        "HTTP://example.com/car",
        "data:image/png;base64,iVBORw0KGgo=",
    ],
)
def test_a_url_is_passed_on_as_it_is(url: str):
    assert image_input(f" {url}\n") == {"image": url}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0 rest", "image/jpeg"),
        (b"GIF89a rest", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"BM rest", "image/bmp"),
        (b"II*\x00 rest", "image/tiff"),
        (b"MM\x00* rest", "image/tiff"),
    ],
)
def test_the_type_is_told_by_the_content(content: bytes, kind: str, tmp_path: Path):
    file = tmp_path / "with a space.txt"
    file.write_bytes(content)
    given: list[Any] = [
        content,
        bytearray(content),
        file,
        str(file),
        file.as_uri(),
        BytesIO(content),
    ]
    assert [image_input(one) for one in given] == [uri(kind, content)] * len(given)


def test_an_open_file_that_was_looked_at_is_read_from_its_start(tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    with path.open("rb") as file:
        file.read()
        assert image_input(file) == uri("image/png", PNG)


def test_an_open_pipe_is_read_from_where_it_is():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as file:
        with os.fdopen(writing, "wb") as sender:
            sender.write(PNG)
        assert image_input(file) == uri("image/png", PNG)


SECRET = b"[default]\naws_secret_access_key = sk-1234567890"


@pytest.mark.parametrize("given", ["credentials", "Path", "bytes"])
def test_a_file_that_is_no_image_is_not_sent(given: str, tmp_path: Path):
    file = tmp_path / "credentials"
    file.write_bytes(SECRET)
    source: Any = {"credentials": str(file), "Path": file, "bytes": SECRET}[given]
    with pytest.raises(ConfigurationError, match="is no PNG, JPEG") as caught:
        image_input(source, "uris[3]")
    assert caught.value.argument == "uris[3]"
    assert "sk-1" not in repr(caught.value)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("", "is empty"),
        (b"", "is empty"),
        ("/nowhere/sk-secret.png", "cannot be read: No such file"),
        ("sk-secret\0", "cannot be read"),
        (".", "cannot be read"),
        ("s3://bucket/sk-secret.png", "http or https"),
        ("data:text/plain,sk-secret", "data URI of no image"),
        ("data:image/png;base64", "data URI of no image"),
        (7, "not int"),
        (None, "not None"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_showing_it(source: Any, why: str):
    with pytest.raises(ConfigurationError, match=why) as caught:
        image_input(source)
    assert "sk-secret" not in f"{caught.value!r} {caught.value.__context__!r}"


def test_a_pipe_is_not_waited_for(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ConfigurationError, match="it is no file"):
        image_input(pipe)


@pytest.mark.parametrize("form", ["file", "bytes", "data URI"])
def test_what_is_too_large_is_refused(form: str, tmp_path: Path):
    content = PNG + bytes(MAX_IMAGE_BYTES)
    source: Any = content
    if form == "file":
        source = tmp_path / "large.png"
        source.write_bytes(content)
    elif form == "data URI":
        source = "data:image/png;base64," + "A" * (len(content) * 4 // 3)
    with pytest.raises(ConfigurationError, match="larger than 20 MiB"):
        image_input(source)
