"""The vendor's samples, host and model replaced: as they are written, and through our client."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import requests

from tests.client.callers import Caller, settled
from tests.client.groups import call, items
from tests.simulator.vendor_samples import (
    BATCH,
    BATCH_LINES,
    BEGUN,
    CHAT_SAMPLES,
    DIALOGUE,
    ENDED,
    IMAGE,
    SPEECH_SAMPLES,
    TOOL_MODEL,
    TOOL_SAMPLES,
    TOOL_SETTINGS,
    VOICE,
    ChatSample,
)

KEY = {"Authorization": "Bearer sk-any"}
MPEG = (b"\xff\xfb", b"ID3")  # a frame, or a tag before the first


@pytest.fixture
def theirs(simulator_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="sk-any", base_url=simulator_url, max_retries=0) as client:
        yield client


@pytest.fixture(params=["sync", "async"])
async def ours(request: pytest.FixtureRequest, simulator_url: str) -> AsyncIterator[Caller]:
    async with Caller(request.param, base_url=simulator_url, max_retries=0) as caller:
        yield caller


def check(sample: ChatSample, text: str, reasoning: str) -> None:
    assert text
    assert bool(reasoning) is sample.thinks
    if sample.keys:
        assert set(json.loads(text)) == sample.keys
    if "suffix" in sample.extra:
        compile(BEGUN + text + ENDED, "<sample>", "exec")


# --- chat, by the openai SDK ----------------------------------------------------------------------


def read_stream(client: openai.OpenAI, sample: ChatSample, body: Any) -> tuple[str, str]:
    text, reasoning = "", ""
    for chunk in client.chat.completions.create(**body):
        if not sample.bare and not chunk.choices:
            continue
        delta = chunk.choices[0].delta
        text += delta.content or ""
        # The SDK has no such field until an answer has it.
        reasoning += getattr(delta, "reasoning_content", None) or ""
    return text, reasoning


def read_whole(client: openai.OpenAI, sample: ChatSample, body: Any) -> tuple[str, str]:
    message = client.chat.completions.create(**body).choices[0].message
    return message.content or "", getattr(message, "reasoning_content", None) or ""


@pytest.mark.parametrize("name", CHAT_SAMPLES)
def test_a_chat_sample_runs_as_it_is_written(name: str, theirs: openai.OpenAI) -> None:
    sample = CHAT_SAMPLES[name]
    read = read_stream if sample.body.get("stream") else read_whole
    text, reasoning = read(theirs, sample, sample.body)
    check(sample, text, reasoning)
    if sample.again:
        said = {"role": "assistant", "content": text}
        asked = {"role": "user", "content": sample.again}
        turns = [*sample.body["messages"], said, asked]
        round_two = {k: v for k, v in sample.body.items() if k in ("model", "stream")}
        text, reasoning = read(theirs, sample, round_two | {"messages": turns})
        check(sample, text, reasoning)


@pytest.mark.parametrize("name", CHAT_SAMPLES)
async def test_a_chat_sample_through_our_client(name: str, ours: Caller) -> None:
    sample = CHAT_SAMPLES[name]
    body = {name: value for name, value in sample.whole.items() if name != "stream"}
    if sample.body.get("stream"):
        told = await ours.stream(**body)
        assert told.error is None
        check(sample, told.text, told.reasoning)
    else:
        answer = await ours("chat", **body)
        check(sample, answer.text, answer.reasoning)


def test_the_stream_sample_by_requests(simulator_url: str) -> None:
    body = CHAT_SAMPLES["stream"].body
    response = requests.post(
        f"{simulator_url}/chat/completions",
        json=body,
        headers={"accept": "application/json", **KEY},
        stream=True,
        timeout=30,
    )
    text = ""
    for line in response.iter_lines():
        said = line.decode().replace("data: ", "")
        if said and said != "[DONE]":
            # Each event has a choice: the sample looks at the first without asking.
            text += json.loads(said)["choices"][0].get("delta", {}).get("content", "") or ""
    check(CHAT_SAMPLES["stream"], text, "")


def test_the_sample_that_fills_the_middle_by_completions(theirs: openai.OpenAI) -> None:
    stream = theirs.completions.create(
        model="deepseek-ai/DeepSeek-V2.5", prompt=BEGUN, suffix=ENDED, stream=True, max_tokens=4096
    )
    text = "".join(chunk.choices[0].text for chunk in stream)
    check(CHAT_SAMPLES["fill in the middle"], text, "")


async def test_the_middle_is_filled_through_our_client(ours: Caller) -> None:
    body = {"model": "deepseek-ai/DeepSeek-V2.5", "prompt": BEGUN, "suffix": ENDED}
    told = await ours.stream("stream_complete", max_tokens=4096, **body)
    check(CHAT_SAMPLES["fill in the middle"], told.text, "")


# --- tools ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TOOL_SAMPLES)
def test_a_tool_sample_runs_as_it_is_written(name: str, theirs: openai.OpenAI) -> None:
    asked, tools, wanted, result = TOOL_SAMPLES[name]
    turns: list[Any] = [{"role": "user", "content": asked}]
    settings: Any = {"model": TOOL_MODEL, "stream": False, "tools": tools, **TOOL_SETTINGS}
    first = theirs.chat.completions.create(messages=turns, **settings).choices[0].message
    called = (first.tool_calls or [])[0]
    assert (called.function.name, json.loads(called.function.arguments)) == wanted
    turns += [first, {"role": "tool", "content": result, "tool_call_id": called.id}]
    last = theirs.chat.completions.create(messages=turns, **settings).choices[0].message
    assert last.content == result


@pytest.mark.parametrize("name", TOOL_SAMPLES)
async def test_a_tool_sample_through_our_client(name: str, ours: Caller) -> None:
    asked, tools, wanted, result = TOOL_SAMPLES[name]
    turns: list[Any] = [{"role": "user", "content": asked}]
    settings: Any = {"model": TOOL_MODEL, "tools": tools, **TOOL_SETTINGS}
    first = await ours("chat", messages=turns, **settings)
    [called] = first.tool_calls
    assert (called.name, json.loads(called.arguments)) == wanted
    turns += [
        {
            "role": "assistant",
            "content": first.text,
            "tool_calls": [
                {
                    "id": called.id,
                    "type": "function",
                    "function": {"name": called.name, "arguments": called.arguments},
                }
            ],
        },
        {"role": "tool", "content": result, "tool_call_id": called.id},
    ]
    assert (await ours("chat", messages=turns, **settings)).text == result


# --- images -----------------------------------------------------------------------------------------


def test_the_image_sample_runs_as_it_is_written(theirs: openai.OpenAI) -> None:
    made: Any = theirs.images.generate(**IMAGE)
    drawn = requests.get(made.images[0]["url"], timeout=30)
    assert drawn.content.startswith(b"\x89PNG")


async def test_an_image_through_our_client(ours: Caller, tmp_path: Path) -> None:
    made = await call(
        ours, "images.generate", model=IMAGE["model"], prompt="a cat", image_size="1024x1024",
        num_inference_steps=20, batch_size=1,
    )  # fmt: skip
    [path] = await call(ours, "images.save", made, tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")


# --- speech and voices ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPEECH_SAMPLES)
def test_a_speech_sample_runs_as_it_is_written(
    name: str, theirs: openai.OpenAI, tmp_path: Path
) -> None:
    path = tmp_path / "speech.mp3"
    body = SPEECH_SAMPLES[name]
    with theirs.audio.speech.with_streaming_response.create(**body) as response:
        response.stream_to_file(path)
    assert path.read_bytes().startswith(MPEG)


@pytest.mark.parametrize("name", SPEECH_SAMPLES)
async def test_a_speech_sample_through_our_client(name: str, ours: Caller, tmp_path: Path) -> None:
    body = {**SPEECH_SAMPLES[name]}
    body |= body.pop("extra_body", {})
    made = await call(ours, "audio.speech.create", **body)
    assert made.save(tmp_path / "speech.mp3").read_bytes().startswith(MPEG)


def test_the_dialogue_sample_by_requests(simulator_url: str) -> None:
    response = requests.post(
        f"{simulator_url}/audio/speech",
        data=json.dumps(DIALOGUE),
        headers={"Content-Type": "application/json", **KEY},
        timeout=30,
    )
    assert response.status_code == 200
    assert response.content.startswith(MPEG)


async def test_the_dialogue_through_our_client(ours: Caller) -> None:
    made = await call(ours, "audio.speech.create", **DIALOGUE)
    assert made.read().startswith(MPEG)


Upload = Callable[[str, Path], requests.Response]


def as_base64(url: str, path: Path) -> requests.Response:
    encoded = base64.b64encode(path.read_bytes()).decode()
    body = VOICE | {"audio": f"data:audio/mpeg;base64,{encoded}"}
    headers = {"Content-Type": "application/json", **KEY}
    return requests.post(url, headers=headers, data=json.dumps(body), timeout=30)


def as_file(url: str, path: Path) -> requests.Response:
    with path.open("rb") as file:
        return requests.post(url, headers=KEY, files={"file": file}, data=VOICE, timeout=30)


@pytest.mark.parametrize("filename", ["alex.mp3", "参考音频.mp3"])
@pytest.mark.parametrize("upload", [as_base64, as_file])
def test_the_voice_samples_by_requests(
    upload: Upload, filename: str, simulator_url: str, tmp_path: Path
) -> None:
    path = tmp_path / filename
    path.write_bytes(b"ID3\x04" + filename.encode())
    made = upload(f"{simulator_url}/uploads/audio/voice", path)
    assert made.status_code == 200, made.text
    uri = made.json()["uri"]
    assert uri.startswith("speech:your-voice-name:")
    listed = requests.get(f"{simulator_url}/audio/voice/list", headers=KEY, timeout=30)
    assert uri in {voice["uri"] for voice in listed.json()["results"]}
    gone = requests.request(
        "POST", f"{simulator_url}/audio/voice/deletions", json={"uri": uri}, headers=KEY, timeout=30
    )
    assert gone.status_code == 200


async def test_a_voice_through_our_client(ours: Caller, tmp_path: Path) -> None:
    path = tmp_path / "参考音频.mp3"
    path.write_bytes(b"ID3\x04" + ours.kind.encode())
    made = await call(ours, "voices.create", **VOICE, file=path)
    assert made.uri in {voice.uri for voice in await call(ours, "voices.list")}
    await call(ours, "voices.delete", made)
    assert made.uri not in {voice.uri for voice in await call(ours, "voices.list")}


# --- batches ----------------------------------------------------------------------------------------


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "batch_file_for_batch_inference.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in BATCH_LINES), encoding="utf-8")
    return path


def test_the_batch_samples_run_as_they_are_written(theirs: openai.OpenAI, lines: Path) -> None:
    with lines.open("rb") as file:
        uploaded: Any = theirs.files.create(file=file, purpose="batch")
    batch = theirs.batches.create(
        input_file_id=uploaded.data["id"],
        extra_body={"replace": {"model": "deepseek-ai/DeepSeek-V3"}},
        **BATCH,
    )
    while batch.status != "completed":
        batch = theirs.batches.retrieve(batch.id)
    assert batch.metadata == BATCH["metadata"]
    told = theirs.files.content(batch.output_file_id or "").text
    assert {json.loads(line)["custom_id"] for line in told.splitlines()} == {
        line["custom_id"] for line in BATCH_LINES
    }
    page = theirs.batches.list(limit=20)
    assert batch.id in page.to_json()
    assert theirs.batches.list(limit=20, after=batch.id).object == "list"
    second = theirs.batches.create(input_file_id=uploaded.data["id"], **BATCH)
    assert theirs.batches.cancel(second.id).status == "cancelling"


async def test_a_batch_through_our_client(ours: Caller, lines: Path) -> None:
    uploaded = await call(ours, "files.create", file=lines, purpose="batch")
    batch = await call(ours, "batches.create", input_file_id=uploaded.id, **BATCH)
    while not batch.has_ended:
        batch = await call(ours, "batches.retrieve", batch.id)
    assert (batch.status, batch.metadata) == ("completed", BATCH["metadata"])
    told = await settled(ours.client.files.content(batch.output_file_id))
    assert told.count(b'"custom_id"') == len(BATCH_LINES)
    assert batch.id in {known.id for known in await items(ours, "batches.list")}
