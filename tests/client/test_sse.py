"""Bytes to events: however they are cut, and in every framing the standard allows."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from siliconflow_client.protocol.sse import DONE, SSEDecoder
from tests.fixtures import INDEX, of_kind


def decode(*pieces: bytes, flush: bool = False) -> list[bytes]:
    decoder = SSEDecoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + decoder.flush() if flush else events


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        pytest.param(b"data: a\n\n", [b"a"], id="plain"),
        pytest.param(b"data:a\n\n", [b"a"], id="no space"),
        pytest.param(b"data:  a\n\n", [b" a"], id="one space is taken off, not two"),
        pytest.param(b"data: a\r\n\r\n", [b"a"], id="CRLF"),
        pytest.param(b"data: a\r\rdata: b\r\r:", [b"a", b"b"], id="CR"),
        pytest.param(b"data: a\r\n\n", [b"a"], id="CRLF then LF"),
        pytest.param(b"data: a\n\r\ndata: b\r\r\n", [b"a", b"b"], id="mixed"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", [b"a"], id="BOM"),
        pytest.param(b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a"], id="BOM inside is no field"),
        pytest.param(b": ping\n\ndata: a\n\n: x\n\n", [b"a"], id="comments between"),
        pytest.param(b"data: a\n: x\n\n", [b"a"], id="comment inside an event"),
        pytest.param(b":\n\n\n\n", [], id="nothing but comments"),
        pytest.param(b"\n\n\ndata: a\n\n\n\n", [b"a"], id="blank lines around"),
        pytest.param(b"data: a\ndata: b\n\n", [b"a\nb"], id="lines of one event are joined"),
        pytest.param(b"data: a\ndata:\ndata: b\n\n", [b"a\n\nb"], id="an empty line among them"),
        pytest.param(b"event: x\nid: 1\nretry: 5\ndata: a\n\n", [b"a"], id="other fields"),
        pytest.param(b"data: a\nevent: x\n\n", [b"a"], id="field after data"),
        pytest.param(b"datax: a\ndata : b\n\n", [], id="almost data"),
        pytest.param(b"data:\n\ndata: \n\ndata: a\n\n", [b"a"], id="events of nothing"),
        pytest.param(b"data: a\n", [], id="no blank line yet"),
        pytest.param(b"data: a:b: c\n\n", [b"a:b: c"], id="colons in data"),
        pytest.param("data: a\u2028b\u2029c\x85d\n\n".encode(), ["a\u2028b\u2029c\x85d".encode()], id="U+2028"),
        pytest.param(b"data: a\x0bb\x0cc\x1cd\x1de\x1ef\x00\n\n", [b"a\x0bb\x0cc\x1cd\x1de\x1ef\x00"], id="controls"),
        pytest.param(b"data: \xff\xfe\n\n", [b"\xff\xfe"], id="not UTF-8: the parser's business"),
        pytest.param(b"data: [DONE]\n\n", [DONE], id="DONE"),
    ],
)  # fmt: skip
def test_framing(stream: bytes, events: list[bytes]):
    assert decode(stream) == events
    assert decode(*(stream[at : at + 1] for at in range(len(stream)))) == events
    for cut in range(len(stream)):
        assert decode(stream[:cut], stream[cut:]) == events


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a", [b"a"]),
        (b"data: a\n", [b"a"]),
        (b"data: a\r", [b"a"]),
        (b"data: a\r\n\r", [b"a"]),
        (b"data: a\n\n", []),
        (b"", []),
        (b"\xef", []),
        (b"data: a\n\ndata: b", [b"b"]),
        (b": only a comment", []),
    ],
)
def test_flush_gives_the_event_that_lacks_its_end(stream: bytes, events: list[bytes]):
    decoder = SSEDecoder()
    decoder.feed(stream)
    assert decoder.flush() == events
    assert decoder.flush() == []


@pytest.mark.parametrize("file", of_kind("stream"))
def test_every_split_of_every_fixture(file: str):
    content = INDEX[file].content
    whole = decode(content, flush=True)
    assert whole
    assert all(event == DONE or event.startswith(b"{") for event in whole)
    assert len(whole) == content.count(b"data:")
    assert decode(*(content[at : at + 1] for at in range(len(content))), flush=True) == whole
    for cut in range(len(content) + 1):
        assert decode(content[:cut], content[cut:], flush=True) == whole


@pytest.mark.parametrize(
    ("body", "stray"),
    [
        (b'{"code":50505,"message":"x"}', b'{"code":50505,"message":"x"}\n'),
        (b"<html>\n<body>", b"<html>\n<body>\n"),
        (b"data: a\n\nevent: b\nid: 1\n: c\n\n", b""),
    ],
)
def test_what_is_no_field_is_kept_aside(body: bytes, stray: bytes):
    decoder = SSEDecoder()
    decoder.feed(body)
    decoder.flush()
    assert decoder.stray == stray


def test_what_is_kept_aside_is_bounded():
    decoder = SSEDecoder()
    for _ in range(200):
        decoder.feed(b"x" * 1_000_000 + b"\n")
    assert len(decoder.stray) <= 2 * 65_537


def test_a_huge_event_is_joined_once():
    """Pieces are kept and joined at the line's end: n pieces cost n appends, not n² copies."""
    decoder = SSEDecoder()
    piece = b"x" * 1_000
    decoder.feed(b"data: ")
    for _ in range(20_000):
        assert decoder.feed(piece) == []
    assert len(decoder._line) == 20_001
    assert sum(map(len, decoder._line)) == 20_000_006
    assert decoder._line[-1] is piece, "a piece was copied"
    (event,) = decoder.feed(b"\n\n")
    assert len(event) == 20_000_000
    assert decoder._line == []


line_ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
payloads = st.binary(max_size=12).map(lambda data: data.replace(b"\r", b"").replace(b"\n", b""))
noise = st.sampled_from([b"", b": c", b"event: e", b"id: 1", b"retry: 1", b":"])


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream in some framing, and its events."""
    stream, events = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])), []
    end = draw(line_ends)
    for lines in draw(st.lists(st.lists(payloads, min_size=1, max_size=3), max_size=5)):
        for line in lines:
            bare = draw(st.booleans()) and not line.startswith(b" ")
            stream += (b"data:" if bare else b"data: ") + line + end
            comment = draw(noise)
            stream += comment + end if comment else b""
        stream += end
        if lines != [b""]:  # an event of nothing is none
            events.append(b"\n".join(lines))
    return stream, events


@given(streams(), st.lists(st.integers(0, 200), max_size=8))
@example((b"data: \xef\r\r", [b"\xef"]), [7, 8])
def test_any_split_of_any_stream_gives_its_events(made: tuple[bytes, list[bytes]], cuts: list[int]):
    stream, events = made
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:stop] for start, stop in itertools.pairwise(edges)]
    assert decode(*pieces, flush=True) == events


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_any_bytes_in_any_pieces_give_the_same_events(pieces: list[bytes]):
    assert decode(*pieces, flush=True) == decode(b"".join(pieces), flush=True)
