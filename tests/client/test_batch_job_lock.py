"""One process at a time works on a batch job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from siliconflow_client import APIConnectionError, BatchJob, ConfigurationError, SiliconFlowClient
from tests.client.batch_site import CREATE, Site, requests
from tests.conftest import ROOT

HOLDS = """
import os, sys
from siliconflow_client import BatchJob, SiliconFlowClient

url, state, then = sys.argv[1:]
requests = [
    {"model": "deepseek-ai/DeepSeek-V3", "messages": [{"role": "user", "content": "item"}]}
]

def slowly():
    print("writing", os.getpid(), flush=True)
    sys.stdin.readline()
    yield from requests

client = SiliconFlowClient(api_key="sk-any", base_url=url)
job = client.batches.submit(slowly() if then == "writes" else requests, state=state)
if then == "forks":
    child = os.fork()
    if not child:
        try:
            job.wait()
        except ValueError as error:
            print("refused", str(os.getppid()) in str(error), flush=True)
        sys.stdin.readline()
        os._exit(0)
elif then == "closes":
    job.close()
if then != "forks":
    print("holds", os.getpid(), flush=True)
sys.stdin.readline()
"""


@contextmanager
def another_process(
    url: str, state: Path, then: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that has the job, and the first line that it says."""
    program = [sys.executable, "-c", HOLDS, url, str(state), then]
    with subprocess.Popen(
        program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.kill()


@pytest.fixture
def client(simulator_url: str) -> Iterator[SiliconFlowClient]:
    with SiliconFlowClient(
        api_key="sk-any", base_url=simulator_url, sleep=lambda seconds: None
    ) as made:
        yield made


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "job.json"


def test_a_second_process_is_refused_and_told_which_one_has_the_job(
    client: SiliconFlowClient, state: Path, simulator_url: str
):
    with another_process(simulator_url, state, "waits") as (first, said):
        assert said == f"holds {first.pid}"
        with pytest.raises(ConfigurationError) as caught:
            BatchJob.resume(state, client)
        assert f"{str(state)!r} is in use by process {first.pid}." in str(caught.value)
        assert (caught.value.argument, first.poll()) == ("state", None)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        # A killed process keeps nothing.
        assert len(BatchJob.resume(state, client).wait().results()) == 1


def test_two_processes_cannot_submit_into_one_file(
    client: SiliconFlowClient, state: Path, simulator_url: str
):
    with another_process(simulator_url, state, "writes") as (first, said):
        assert said == f"writing {first.pid}"
        before = len(list(client.files.list()))
        with pytest.raises(ConfigurationError, match=f"process {first.pid}"):
            client.batches.submit(requests(1), state=state)
        assert len(list(client.files.list())) == before
        first.stdin.write("\n")
        first.stdin.flush()
        assert first.stdout.readline().startswith("holds")


def test_a_job_that_was_closed_is_free_for_another_process(
    client: SiliconFlowClient, state: Path, simulator_url: str
):
    with another_process(simulator_url, state, "closes") as (first, said):
        assert said.startswith("holds")
        assert len(BatchJob.resume(state, client).wait().results()) == 1
        assert first.poll() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")
def test_a_forked_child_neither_has_the_job_nor_keeps_it(
    client: SiliconFlowClient, state: Path, simulator_url: str
):
    with another_process(simulator_url, state, "forks") as (first, said):
        assert said == "refused True"
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        assert len(BatchJob.resume(state, client).wait().results()) == 1


def test_jobs_of_one_process_see_what_each_other_did(client: SiliconFlowClient, state: Path):
    client.batches.submit(requests(3), state=state, max_lines=1)
    one, other = BatchJob.resume(state, client), BatchJob.resume(state, client)
    one.wait()
    assert (one.is_done, other.is_done) == (True, False)
    run = one.batch_ids
    assert other.wait().batch_ids == run
    other.close()
    assert one.wait().results() == other.results()


def test_two_calls_of_one_process_do_not_send_a_job_at_once(state: Path):
    refused: list[ConfigurationError] = []

    def meanwhile(method: str, path: str, time: int) -> str | None:
        if (method, path) == CREATE and time == 1:
            with pytest.raises(ConfigurationError) as caught:
                BatchJob.resume(state, client).wait()
            refused.append(caught.value)
        return None

    site = Site(meanwhile)
    with httpx.Client(transport=httpx.MockTransport(site)) as http:
        client = SiliconFlowClient(api_key="sk-any", http_client=http, sleep=lambda seconds: None)
        job = client.batches.submit(requests(2), state=state, max_lines=1)
        assert len(job.wait().results()) == 2
    assert "two at once" in str(refused[0].hint)
    assert len(site.batches()) == 2


def test_a_job_that_another_call_has_sent_meanwhile_is_not_sent_again(state: Path):
    site = Site(
        lambda method, path, time: "before" if (method, path) == CREATE and not mended else None
    )
    mended: list[bool] = []
    with httpx.Client(transport=httpx.MockTransport(site)) as http:
        client = SiliconFlowClient(
            api_key="sk-any", http_client=http, sleep=lambda seconds: None, max_retries=0
        )
        with pytest.raises(APIConnectionError):
            client.batches.submit(requests(1), state=state)
        mended.append(True)
        one, other = BatchJob.resume(state, client), BatchJob.resume(state, client)
        one.wait()
        other.wait()
    assert len(site.batches()) == 1
