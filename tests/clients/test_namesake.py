"""langchain-siliconflow, which owns the name of one of our folders, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.clients.answers import HELLO, KEY, PERSON
from tests.conftest import ROOT


def test_its_chat_tools_structures_and_embeddings(simulator_url: str) -> None:
    # Isolated: the folder of ours is not on the path.
    python = ROOT / os.environ.get("NAMESAKE", ".venv-namesake/bin/python")
    done = subprocess.run(
        [python, "-I", str(Path(__file__).with_name("namesake.py")), simulator_url],
        env={"SILICONFLOW_API_KEY": KEY, "SILICONFLOW_BASE_URL": simulator_url},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["version"] == "1.0.0"
    assert told["invoke"] == told["ainvoke"] == "".join(told["stream"]) == HELLO
    assert told["calls"] == [["get_weather", {"city": "Paris"}]]
    assert told["person"] == PERSON.model_dump()
    assert told["vectors"] == [1024, 1024]
