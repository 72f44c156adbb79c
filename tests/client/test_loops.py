"""One client, many event loops, also ones that were closed without saying goodbye."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from siliconflow_client import AsyncSiliconFlowClient

HI = {"model": "deepseek-ai/DeepSeek-V3.2", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize("async_transport", ["aiohttp", "httpx"])
# A loop closed by hand leaves its sockets to the garbage collector, which says so when asked to.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_loops_closed_by_hand_leave_nothing_on_standard_error(
    async_transport: Any,
    simulator_url: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    client = AsyncSiliconFlowClient(
        api_key="sk-test", base_url=simulator_url, async_transport=async_transport
    )
    texts = []
    for _ in range(3):
        loop = asyncio.new_event_loop()
        texts.append(loop.run_until_complete(client.chat(**HI)).text)
        loop.close()  # without shutdown_asyncgens(), as LlamaIndex's asyncio_run does
    texts.append(asyncio.run(client.chat(**HI)).text)
    assert client._pools is not None
    assert len(client._pools._pools) <= 1, "pools of closed loops are kept"
    del client
    gc.collect()
    assert len(texts) == 4
    assert all(texts)
    assert capfd.readouterr().err == ""
    assert caplog.text == ""
