"""Pictures, films, sounds and voices: real files, sizes that are bounded, refusals as documented."""

from __future__ import annotations

import base64
import io
import json
import struct
import sys
import wave
import zlib
from typing import Any

import httpx
import openai
import pytest

from siliconflow_simulator import SimRequest, SimResponse, Simulator
from siliconflow_simulator.answers.pictures import GLYPHS
from tests.fixtures import INDEX
from tests.simulator.asking import KEY, body_of, get, post

COSY = "FunAudioLLM/CosyVoice2-0.5B"
IMAGES, SPEECH, VOICE = "/v1/images/generations", "/v1/audio/speech", "/v1/uploads/audio/voice"
CAT = {"model": "Kwai-Kolors/Kolors", "prompt": "A cat"}
EDIT = {"model": "Qwen/Qwen-Image-Edit-2509", "prompt": "blue", "image": "https://x/a.png"}
WAVES = {"model": "Wan-AI/Wan2.2-T2V-A14B", "prompt": "Waves"}
SAY = {"model": COSY, "input": "Hello there.", "voice": f"{COSY}:alex"}


@pytest.fixture(autouse=True)
def no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one, MP3 and Opus are the encoder's; `tests/clients` plays those."""
    monkeypatch.setitem(sys.modules, "av", None)


def fetched(url: str, simulator: Simulator) -> SimResponse:
    return simulator.handle(SimRequest("GET", httpx.URL(url).path))


# --- reading PNG --------------------------------------------------------------------------------


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """All chunks, their checksums checked."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        (checksum,) = struct.unpack(">I", png[at + 8 + size : at + 12 + size])
        assert checksum == zlib.crc32(kind + data)
        found.append((kind, data))
        at += 12 + size
    return found


def rows(png: bytes) -> list[bytes]:
    """The pixels, row by row, as places in the palette."""
    parts = dict(chunks(png))
    width, height, depth, colour = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    assert (depth, colour) == (8, 3)
    raw = zlib.decompress(parts[b"IDAT"])
    assert len(raw) == (width + 1) * height
    return [raw[at + 1 : at + 1 + width] for at in range(0, len(raw), width + 1)]


def read_text(png: bytes) -> str:
    """The first line of letters, by their dots."""
    pixels = rows(png)
    scale = max(1, len(pixels[0]) // 100)
    letters = {rows: letter for letter, rows in GLYPHS.items() if letter != "0"}
    text = ""
    for left in range(2 * scale, len(pixels[0]) - 4 * scale, 4 * scale):
        dots = [
            sum(pixels[scale * (row + 1)][left + scale * place] << 2 - place for place in range(3))
            for row in range(5)
        ]
        text += letters.get("".join(map(str, dots)), "0")
    return text.rstrip()


# --- images -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["1024x1024", "960x1280", "768x1024", "720x1440", "720x1280"])
def test_a_picture_has_the_size_that_was_asked_for(size: str) -> None:
    simulator = Simulator()
    answer = body_of(post(IMAGES, {**CAT, "image_size": size}, simulator=simulator))
    response = fetched(answer["images"][0]["url"], simulator)
    assert response.headers["content-type"] == "image/png"
    pixels = rows(response.content())
    assert f"{len(pixels[0])}x{len(pixels)}" == size


@pytest.mark.parametrize(
    ("prompt", "shown"), [("A cat, a dog!", "A CAT, A DOG!"), ("edit 3: why?", "EDIT 3: WHY?")]
)
def test_a_picture_shows_its_prompt(prompt: str, shown: str) -> None:
    simulator = Simulator()
    answer = body_of(post(IMAGES, {**CAT, "prompt": prompt}, simulator=simulator))
    assert read_text(fetched(answer["images"][0]["url"], simulator).content()) == shown


def test_the_letters_can_be_told_apart() -> None:
    assert len({rows for letter, rows in GLYPHS.items()}) == len(GLYPHS)


def test_an_edited_picture_says_so_and_chinese_gives_a_pattern_of_its_own() -> None:
    simulator = Simulator()

    def drawn(**fields: Any) -> bytes:
        answer = body_of(post(IMAGES, fields, simulator=simulator))
        return fetched(answer["images"][0]["url"], simulator).content()

    edited = drawn(**EDIT, image2="data:image/png;base64,aGk=")
    assert read_text(edited) == "EDIT OF 2: BLUE"
    assert drawn(**{**CAT, "prompt": "你好"}) != drawn(**{**CAT, "prompt": "再见"})


def test_the_answer_has_the_shape_of_the_documents() -> None:
    answer = body_of(post(IMAGES, {**CAT, "batch_size": 3, "seed": 5}))
    documented = INDEX["images/generation.json"].json()
    assert set(answer) == set(documented)
    assert set(answer["images"][0]) == set(documented["images"][0])
    assert (len({image["url"] for image in answer["images"]}), answer["seed"]) == (3, 5)


def test_the_same_request_gives_the_same_picture_and_another_seed_another() -> None:
    simulator = Simulator()

    def drawn(seed: int) -> bytes:
        answer = body_of(post(IMAGES, {**CAT, "seed": seed}, simulator=simulator))
        return fetched(answer["images"][0]["url"], simulator).content()

    assert drawn(1) == drawn(1) != drawn(2)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"model": "Kwai-Kolors/Kolors"}, 20015),
        ({**CAT, "model": "Qwen/Qwen3-8B"}, 20012),
        ({**CAT, "image_size": "1328x1328"}, 20025),
        ({**CAT, "model": "Qwen/Qwen-Image", "image_size": "1024x1024"}, 20025),
        ({**CAT, "model": "black-forest-labs/FLUX.1-dev", "image_size": "4096x4096"}, 20025),
        ({**CAT, "image_size": "١٠٢٤x1024"}, 20025),
        ({**CAT, "image_size": 1024}, 20015),
        ({**CAT, "batch_size": 5}, 20015),
        ({**EDIT, "image": None}, 20017),
        ({**EDIT, "image": "data:image/png;base64,!"}, 20023),
        ({**EDIT, "image": "/etc/passwd"}, 20015),
        ({**EDIT, "image_size": "1328x1328"}, 20025),
    ],
)
def test_what_the_documents_exclude_is_refused(body: Any, code: int) -> None:
    response = post(IMAGES, body)
    assert (response.status, body_of(response)["code"]) == (400, code)


def test_a_negative_seed_is_refused_as_it_was_seen() -> None:
    expected = INDEX["errors/400_20015_seed_negative.json"].json()["message"]
    assert body_of(post(IMAGES, {**CAT, "seed": -1}))["message"] == expected


def test_a_url_names_the_host_that_was_asked() -> None:
    body = json.dumps(CAT).encode()
    headers = {**KEY, "host": "127.0.0.1:8080"}
    request = SimRequest("POST", IMAGES, headers, body, scheme="http")
    url = body_of(Simulator().handle(request))["images"][0]["url"]
    assert url.startswith("http://127.0.0.1:8080/outputs/")


def test_a_picture_needs_no_key_and_an_unknown_one_is_not_found() -> None:
    simulator = Simulator(api_keys=["sk-test"])
    answer = body_of(post(IMAGES, CAT, simulator=simulator))
    assert fetched(answer["images"][0]["url"], simulator).status == 200
    assert fetched("https://x/outputs/none.png", simulator).status == 404
    assert fetched(answer["images"][0]["url"], Simulator()).status == 404
    assert post(IMAGES, CAT, headers={}).status == 401


def test_a_long_prompt_costs_no_more_than_a_short_one() -> None:
    simulator = Simulator()
    answer = body_of(post(IMAGES, {**CAT, "prompt": "cat " * 10**6}, simulator=simulator))
    assert len(fetched(answer["images"][0]["url"], simulator).content()) < 200_000


# --- films --------------------------------------------------------------------------------------


def look(job: str, simulator: Simulator, simulate: str = "") -> SimResponse:
    return post("/v1/video/status", {"requestId": job}, simulator=simulator, simulate=simulate)


def test_each_look_takes_a_job_one_step_further() -> None:
    simulator = Simulator()
    job = body_of(post("/v1/video/submit", {**WAVES, "seed": 3}, simulator=simulator))["requestId"]
    told = [body_of(look(job, simulator)) for _ in range(5)]
    assert [(each["status"], each["position"]) for each in told] == [
        ("InQueue", 2), ("InQueue", 1), ("InProgress", 0), ("Succeed", 0), ("Succeed", 0),
    ]  # fmt: skip
    documented = INDEX["video/status_succeed.json"].json()
    assert set(told[-1]) == set(documented)
    assert set(told[-1]["results"]) == set(documented["results"])
    assert told[-1]["results"]["seed"] == 3


def test_a_film_moves() -> None:
    simulator = Simulator()
    asked = {**WAVES, "image_size": "960x960"}
    job = body_of(post("/v1/video/submit", asked, simulator=simulator))["requestId"]
    *_, done = [body_of(look(job, simulator)) for _ in range(4)]
    response = fetched(done["results"]["videos"][0]["url"], simulator)
    parts = chunks(response.content())
    kinds = [kind for kind, _ in parts]
    assert (kinds.count(b"fcTL"), kinds.count(b"IDAT"), kinds.count(b"fdAT")) == (8, 1, 7)
    orders = [
        struct.unpack(">I", data[:4])[0] for kind, data in parts if kind in (b"fcTL", b"fdAT")
    ]
    assert orders == list(range(15))
    frames = [zlib.decompress(data[4:]) for kind, data in parts if kind == b"fdAT"]
    assert len(set(frames)) == 7
    assert len(frames[0]) == 961 * 960
    assert read_text(response.content()) == "WAVES"


def test_the_same_request_twice_makes_two_jobs() -> None:
    simulator = Simulator()
    jobs = [body_of(post("/v1/video/submit", WAVES, simulator=simulator)) for _ in range(3)]
    assert len({job["requestId"] for job in jobs}) == 3
    assert set(jobs[0]) == set(INDEX["video/submit.json"].json())


def test_a_failure_and_an_expiry_can_be_ordered() -> None:
    simulator = Simulator()
    job = body_of(post("/v1/video/submit", WAVES, simulator=simulator))["requestId"]
    assert body_of(look(job, simulator, "failed")) == INDEX["video/status_failed.json"].json()
    expired = look(job, simulator, "expired")
    assert (expired.status, body_of(expired)["code"]) == (404, 20063)
    assert body_of(look(job, simulator))["status"] == "InQueue"
    assert body_of(look("none", simulator))["code"] == 20063
    assert body_of(post("/v1/video/status", {}))["code"] == 20057


def test_an_order_about_jobs_changes_nothing_else() -> None:
    assert post(IMAGES, CAT, simulate="failed").content() == post(IMAGES, CAT).content()
    assert post(SPEECH, SAY, simulate="failed").content() == post(SPEECH, SAY).content()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**WAVES, "image_size": "1x1"}, 20015),
        ({**WAVES, "model": "Wan-AI/Wan2.2-I2V-A14B"}, 20017),
        ({**WAVES, "model": "Qwen/Qwen-Image"}, 20012),
        ({"model": WAVES["model"]}, 20015),
    ],
)
def test_a_film_that_cannot_be_made_is_refused(body: Any, code: int) -> None:
    response = post("/v1/video/submit", body)
    assert (response.status, body_of(response)["code"]) == (400, code)


# --- sounds -------------------------------------------------------------------------------------


def spoken(simulator: Simulator | None = None, **fields: Any) -> bytes:
    response = post(SPEECH, {**SAY, **fields}, simulator=simulator or Simulator())
    assert response.status == 200, response.content()
    return response.content()


def seconds(content: bytes) -> float:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getnframes() / file.getframerate()


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 32000, 44100])
def test_a_wav_is_as_long_as_its_text(rate: int) -> None:
    fields = {"response_format": "wav", "sample_rate": rate}
    short, long = (seconds(spoken(input="Hello " * n, **fields)) for n in (2, 20))
    assert long == pytest.approx(10 * short, rel=0.01)
    assert seconds(spoken(input="Hello " * 20, speed=2, **fields)) == pytest.approx(
        long / 2, rel=0.01
    )
    assert seconds(spoken(input="Hello " * 20_000, **fields)) == 60
    pcm = spoken(input="Hello " * 2, **{**fields, "response_format": "pcm"})
    assert len(pcm) / 2 / rate == pytest.approx(short)


def test_gain_makes_a_sound_louder() -> None:
    def peak(gain: float) -> int:
        pcm = spoken(response_format="pcm", gain=gain)
        return max(struct.unpack(f"<{len(pcm) // 2}h", pcm))

    assert peak(-10) < peak(0) < peak(10) <= 32767


@pytest.mark.parametrize(("rate", "frame"), [(44100, 104), (32000, 144)])
def test_an_mp3_is_frames_of_the_length_that_their_headers_say(rate: int, frame: int) -> None:
    content = spoken(input="x" * 100, sample_rate=rate)
    assert len(content) % frame == 0
    starts = {content[at : at + 4] for at in range(0, len(content), frame)}
    assert len(starts) == 1
    assert starts.pop()[:2] == b"\xff\xfb"
    assert len(content) // frame * 1152 / rate == pytest.approx(6, abs=0.1)


def test_an_opus_file_is_ogg_pages_that_end_where_the_sound_does() -> None:
    content = spoken(input="x" * 500, response_format="opus")
    at, positions, flags = 0, [], []
    while at < len(content):
        magic, _, flag, position = struct.unpack("<4sBBq", content[at : at + 14])
        assert magic == b"OggS"
        segments = content[at + 26]
        at += 27 + segments + sum(content[at + 27 : at + 27 + segments])
        positions.append(position)
        flags.append(flag)
    assert (flags[0], flags[-1]) == (2, 4)
    assert positions[-1] / 48000 == pytest.approx(30, abs=0.1)
    assert content[28:36] == b"OpusHead"


def test_the_checksum_of_an_ogg_page_is_that_of_the_format() -> None:
    """Computed bit by bit, as RFC 3533 describes it."""
    content = spoken(input="x", response_format="opus")
    page = content[: 28 + content[27]]
    value = 0
    for byte in page[:22] + bytes(4) + page[26:]:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    assert struct.unpack("<I", page[22:26]) == (value,)


def test_a_sound_comes_in_pieces_unless_it_is_asked_for_whole() -> None:
    text = "Hello there. " * 20
    pieces = post(SPEECH, {**SAY, "input": text})
    whole = post(SPEECH, {**SAY, "input": text, "stream": False})
    assert len(pieces.chunks or []) > 1
    assert (whole.chunks, whole.content()) == (None, pieces.content())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"voice": None}, 20059),
        ({"voice": "alex"}, 20047),
        ({"voice": "fnlp/MOSS-TTSD-v0.5:alex"}, 20047),
        ({"input": ""}, 20015),
        ({"input": "x" * 128_001}, 20015),
        ({"response_format": "flac"}, 20015),
        ({"response_format": "opus", "sample_rate": 44100}, 20015),
        ({"response_format": "mp3", "sample_rate": 16000}, 20015),
        ({"references": []}, 20015),
        ({"references": [{"audio": "https://x"}]}, 20015),
        ({"references": ["https://x"]}, 20015),
        ({"model": "Qwen/Qwen3-8B"}, 20012),
    ],
)
def test_a_sound_that_cannot_be_made_is_refused(fields: Any, code: int) -> None:
    response = post(SPEECH, {**SAY, **fields})
    assert (response.status, body_of(response)["code"]) == (400, code)


def test_references_stand_in_place_of_a_voice() -> None:
    reference = {"audio": "https://x/a.mp3", "text": "one"}
    talk = {"model": "fnlp/MOSS-TTSD-v0.5", "input": "[S1]Hi.", "references": [reference]}
    assert post(SPEECH, talk).status == 200


def form(path: str, file: bytes | None, simulator: Simulator, **fields: str) -> SimResponse:
    files = {} if file is None else {"file": ("a.wav", file, "audio/wav")}
    made = httpx.Request("POST", "https://x", data=fields, files=files or {"x": b""})
    headers = {**KEY, "content-type": made.headers["content-type"]}
    return simulator.handle(SimRequest("POST", path, headers, made.read()))


def heard(
    file: bytes | None, simulator: Simulator, model: str = "FunAudioLLM/SenseVoiceSmall"
) -> Any:
    return form("/v1/audio/transcriptions", file, simulator, model=model)


@pytest.mark.parametrize("file_format", ["wav", "mp3", "opus", "pcm"])
def test_what_was_said_here_is_heard_again(file_format: str) -> None:
    simulator = Simulator()
    content = spoken(simulator, response_format=file_format, input="Mind the gap\r\n--x")
    assert body_of(heard(content, simulator)) == {"text": "Mind the gap\r\n--x"}


def test_other_recordings_are_told_by_their_length() -> None:
    content = spoken(response_format="wav")
    assert body_of(heard(content, Simulator()))["text"] == "A recording of 0.7 seconds."
    assert body_of(heard(b"RIFFxxxxWAVE", Simulator()))["text"] == "A recording of 12 bytes."


def test_a_recording_that_is_too_large_or_missing_is_refused() -> None:
    simulator = Simulator()
    assert heard(bytes(50 * 1024 * 1024 + 1), simulator).status == 413
    assert body_of(heard(None, simulator))["code"] == 20015
    assert body_of(heard(b"x", simulator, COSY))["code"] == 20012
    assert post("/v1/audio/transcriptions", {"model": "x"}).status == 400


MINE = {"model": COSY, "customName": "mine", "text": "what I say"}


def test_a_voice_is_uploaded_listed_and_deleted() -> None:
    simulator = Simulator()
    audio = "data:audio/mpeg;base64," + base64.b64encode(b"ID3").decode()
    first = body_of(post(VOICE, {**MINE, "audio": audio}, simulator=simulator))["uri"]
    second = body_of(form(VOICE, b"ID3", simulator, **MINE))["uri"]
    assert first.startswith("speech:mine:")
    assert first.count(":") == INDEX["audio/voice_upload.json"].json()["uri"].count(":")

    def listed() -> list[Any]:
        request = SimRequest("GET", "/v1/audio/voice/list", KEY)
        return body_of(simulator.handle(request))["results"]

    assert [voice["uri"] for voice in listed()] == [first, second]
    assert set(listed()[0]) == set(INDEX["audio/voice_list.json"].json()["results"][0])
    assert post("/v1/audio/voice/deletions", {"uri": first}, simulator=simulator).status == 200
    assert [voice["uri"] for voice in listed()] == [second]
    assert post("/v1/audio/voice/deletions", {"uri": first}, simulator=simulator).status == 400
    assert body_of(get("/v1/audio/voice/list")) == {"results": []}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"customName": "a b"}, 20015),
        ({"customName": "x" * 65}, 20015),
        ({"text": None}, 20015),
        ({"audio": "data:audio/mpeg;base64,!"}, 20023),
        ({"audio": "https://x/a.mp3"}, 20015),
        ({"audio": None}, 20015),
        ({"model": "Qwen/Qwen3-8B"}, 20012),
    ],
)
def test_a_voice_that_cannot_be_made_is_refused(fields: Any, code: int) -> None:
    response = post(VOICE, {**MINE, "audio": "data:audio/mpeg;base64,SUQz", **fields})
    assert (response.status, body_of(response)["code"]) == (400, code)


# --- faults, and others' clients ----------------------------------------------------------------


@pytest.mark.parametrize("order", ["empty", "no-choices"])
def test_an_answer_can_be_without_its_images(order: str) -> None:
    answer = body_of(post(IMAGES, CAT, simulate=order))
    assert not answer.get("images")


@pytest.mark.parametrize("stream", [True, False])
def test_every_order_can_be_given_for_a_sound(stream: bool) -> None:
    from siliconflow_simulator.faults.orders import FAULT_WORDS

    say = {**SAY, "input": "Hello there. " * 50, "stream": stream}
    plain = post(SPEECH, say)
    for word in sorted(FAULT_WORDS):
        number = "=1" if word in ("slow", "429-retry-after", "503-retry-after") else ""
        response = post(SPEECH, say, simulate=word + number)
        assert response.status != 400 or word == "400"
        if word in ("drop", "cut-stream", "empty", "broken-json"):
            assert response != plain, word


def test_the_openai_sdk_speaks_hears_and_draws() -> None:
    with httpx.Client(transport=Simulator().transport()) as http:
        client = openai.OpenAI(
            api_key="k", base_url="https://api.siliconflow.cn/v1", http_client=http
        )
        made = client.audio.speech.create(
            model=COSY, voice=f"{COSY}:alex", input="Hi there", response_format="wav"
        )
        heard = client.audio.transcriptions.create(
            model="FunAudioLLM/SenseVoiceSmall", file=("a.wav", made.read())
        )
        assert heard.text == "Hi there"
        with client.audio.speech.with_streaming_response.create(
            model=COSY, voice=f"{COSY}:alex", input="Hi there", response_format="wav"
        ) as response:
            assert response.read() == made.read()
        drawn: Any = client.images.generate(
            model="Kwai-Kolors/Kolors", prompt="a cat", extra_body={"image_size": "1024x1024"}
        )
        assert drawn.images[0]["url"].endswith(".png")
