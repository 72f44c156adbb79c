"""Users' programs under mypy and pyright, with the wheel's types: right ones pass, slips do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fresh.conftest import Environment

pytestmark = pytest.mark.timeout(900)  # environments are made, from the network

RIGHT = """
import asyncio

from langchain_core.messages import AIMessage
from langchain_siliconflow import (
    BatchJob,
    ChatSiliconFlow,
    SiliconFlowAudioParser,
    SiliconFlowEmbeddings,
    SiliconFlowLLM,
    SiliconFlowOCRParser,
    SiliconFlowRerank,
    SiliconFlowToolkit,
)
from llama_index_siliconflow import (
    SiliconFlow,
    SiliconFlowAudioReader,
    SiliconFlowCompletion,
    SiliconFlowEmbedding,
    SiliconFlowMultiModalEmbedding,
    SiliconFlowOCRReader,
    SiliconFlowToolSpec,
)
from llama_index_siliconflow import SiliconFlowRerank as NodeRerank
from pydantic import SecretStr
from siliconflow_client import (
    AsyncSiliconFlowClient,
    Limits,
    RateLimitError,
    SiliconFlowClient,
)
from siliconflow_simulator import Simulator, local_settings, when

simulator = Simulator(answers=[when("hello").says("Hi!")])
chat = ChatSiliconFlow(
    model="Qwen/Qwen3-8B",
    api_key="sk-any",
    max_completion_tokens=9,
    stop=["."],
    enable_thinking=False,
)
answer: AIMessage = chat.invoke("hello")
text: str = answer.text
secret = ChatSiliconFlow(api_key=SecretStr("sk-any"))
other = ChatSiliconFlow(temperature=0, **local_settings())
vectors: list[list[float]] = SiliconFlowEmbeddings(**simulator.settings()).embed_documents(["a"])
words: str = SiliconFlowLLM(model="m", endpoint="completions").invoke("a")
rerank = SiliconFlowRerank(top_n=None)
llm = SiliconFlow(model="m", api_base="https://api.siliconflow.cn/v1", thinking_budget=128)
completion: str = llm.complete("hello").text
fim = SiliconFlowCompletion(model="m", repetition_penalty=1.1)
embedding: list[float] = SiliconFlowEmbedding(dimensions=256).get_query_embedding("a")
nodes = NodeRerank(top_n=2, instruction="a")
kit = SiliconFlowToolkit(folder="out", image_parameters={"batch_size": 2}, **simulator.settings())
spec = SiliconFlowToolSpec(folder="out", voice="anna", **simulator.settings())
parsers = [SiliconFlowAudioParser(api_key="sk-any"), SiliconFlowOCRParser(boxes=True)]
readers = [SiliconFlowAudioReader(api_key="sk-any"), SiliconFlowOCRReader(max_tokens=9)]
pictures: list[float] = SiliconFlowMultiModalEmbedding().get_image_embedding("https://x/a.png")
job = BatchJob.submit(chat, ["a"], state="job.json", allow_unlisted=True)
answers: list[AIMessage] = job.results()


def ask(client: SiliconFlowClient) -> str:
    try:
        return client.chat(model="m", messages=[{"role": "user", "content": "a"}]).text
    except RateLimitError as error:
        return f"{error.retry_after} {error.trace_id}"


async def main() -> None:
    async with AsyncSiliconFlowClient(limits=Limits(rpm=1)) as client:
        async for delta in client.stream_chat(model="m", messages=[]):
            print(delta.text)


asyncio.run(main())
"""
# Each is one line, and each an error.
SLIPS = [
    'ChatSiliconFlow(modle="m")',
    'ChatSiliconFlow(temperature="hot")',
    "SiliconFlowEmbeddings(dimension=256)",
    'SiliconFlowLLM(model="m", max_token=1)',
    "SiliconFlowRerank(topn=3)",
    'SiliconFlow(model="m", enable_thinkin=True)',
    'SiliconFlow(model="m", seed="one")',
    'SiliconFlowCompletion(model="m", sufix="a")',
    "SiliconFlowEmbedding(dimension=256)",
    "NodeRerank(topn=3)",
    'SiliconFlowToolkit(fodler="out")',
    'SiliconFlowToolkit(folder="out", max_wait="long")',
    'SiliconFlowAudioParser(modle="m")',
    'SiliconFlowOCRParser(promt="a")',
    "SiliconFlowMultiModalEmbedding(dimension=256)",
    'SiliconFlowToolSpec(fodler="out")',
    "SiliconFlowToolSpec(max_byts=3)",
    'SiliconFlowAudioReader(modle="m")',
    'SiliconFlowOCRReader(promt="a")',
    'BatchJob.submit(chat, ["a"], stat="job.json")',
    'SiliconFlowClient().images.generate(model="m", promt="a")',
    'SiliconFlowClient().audio.speech.create(model="m", input="a", voce="b")',
    "SiliconFlowClient(timeot=3)",
    'SiliconFlowClient().chat(model="m", mesages=[])',
    'SiliconFlowClient().chat(model="m", messages=[], temperatur=1)',
    "chat.invoke(3)",
    "text.trace_id",
]


def program(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text(RIGHT + "\n".join(["", *lines, ""]), encoding="utf-8")
    return path


def check(tool: str, path: Path, everything: Environment) -> tuple[int, str]:
    python = str(everything.python)
    flags = {"mypy": ["--strict", f"--python-executable={python}", "--no-error-summary"]}
    flags["pyright"] = [f"--pythonpath={python}"]
    command = str(everything.home / "bin" / tool)
    done = everything.run(command, *flags[tool], path.name, folder=path.parent)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_a_right_program_is_right_for_type_checkers(
    tool: str, everything: Environment, tmp_path: Path
):
    code, said = check(tool, program(tmp_path, "right.py"), everything)
    assert code == 0, said


@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_every_slip_is_an_error_on_its_line(tool: str, everything: Environment, tmp_path: Path):
    path = program(tmp_path, "slips.py", *SLIPS)
    first = RIGHT.count("\n") + 2
    _, said = check(tool, path, everything)
    missed = [
        slip for number, slip in enumerate(SLIPS, start=first) if f"slips.py:{number}:" not in said
    ]
    assert missed == [], said
