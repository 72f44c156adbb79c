"""The simulator's sounds and films are files that FFmpeg's libraries play."""

from __future__ import annotations

import io
from typing import Any

import av
import httpx
import numpy as np
import pytest

from tests.clients.answers import COSY, KEY, PAINTER

HEADERS = {"Authorization": f"Bearer {KEY}"}
TEXT = "Hello there, how are you today? " * 5
SECONDS = 0.06 * len(TEXT)


def post(url: str, path: str, body: dict[str, Any]) -> httpx.Response:
    answer = httpx.post(f"{url}{path}", json=body, headers=HEADERS, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize(
    ("form", "rate"),
    [("wav", 8000), ("wav", 44100), ("mp3", 32000), ("mp3", 44100), ("opus", 48000)],
)
def test_a_sound_plays_as_long_as_its_text(simulator_url: str, form: str, rate: int) -> None:
    body = {
        "model": COSY, "voice": f"{COSY}:alex", "input": TEXT, "response_format": form,
        "sample_rate": rate,
    }  # fmt: skip
    content = post(simulator_url, "/audio/speech", body).content
    with av.open(io.BytesIO(content)) as file:
        frames = list(file.decode(audio=0))
    assert {frame.sample_rate for frame in frames} == {rate}
    assert sum(frame.samples for frame in frames) / rate == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize("form", ["wav", "mp3", "opus"])
def test_a_sound_is_heard_and_the_same_each_time(simulator_url: str, form: str) -> None:
    body = {"model": COSY, "voice": f"{COSY}:alex", "input": TEXT, "response_format": form}
    content = post(simulator_url, "/audio/speech", body).content
    assert post(simulator_url, "/audio/speech", body).content == content
    with av.open(io.BytesIO(content)) as file:
        loudest = max(
            float(np.abs(frame.to_ndarray().astype(float)).max()) for frame in file.decode(audio=0)
        )
    assert loudest > 0


def test_a_film_plays(simulator_url: str) -> None:
    asked = {"model": "Wan-AI/Wan2.2-T2V-A14B", "prompt": "Waves", "image_size": "960x960"}
    job = post(simulator_url, "/video/submit", asked).json()["requestId"]
    told: dict[str, Any] = {}
    for _ in range(4):
        told = post(simulator_url, "/video/status", {"requestId": job}).json()
    content = httpx.get(told["results"]["videos"][0]["url"]).content
    with av.open(io.BytesIO(content)) as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert [frame.shape for frame in frames] == [(960, 960, 3)] * 8
    assert len({frame.tobytes() for frame in frames}) == 8


def test_a_picture_is_read(simulator_url: str) -> None:
    asked = {"model": PAINTER, "prompt": "a cat", "image_size": "720x1280"}
    made = post(simulator_url, "/images/generations", asked).json()
    content = httpx.get(made["images"][0]["url"]).content
    with av.open(io.BytesIO(content)) as file:
        [frame] = file.decode(video=0)
    assert (frame.width, frame.height) == (720, 1280)
