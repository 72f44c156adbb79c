"""One client, many event loops, also ones that were closed without saying goodbye."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from siliconflow_client import AsyncSiliconFlowClient
from siliconflow_client.transport.left_open import left_open

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


@pytest.mark.parametrize("async_transport", ["aiohttp", "httpx"])
@pytest.mark.parametrize("state", ["idle", "streaming"])
@pytest.mark.filterwarnings("error")
def test_a_client_that_the_collector_finds_is_closed_by_its_running_loop(
    async_transport: Any,
    state: str,
    simulator_url: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    """Agents hold their models in circles; aiohttp logged each as "Unclosed connector"."""

    async def use_and_drop() -> bool:
        client = AsyncSiliconFlowClient(
            api_key="sk-test", base_url=simulator_url, async_transport=async_transport
        )
        circle: list[object] = [client]
        circle.append(circle)
        await client.chat(**HI)
        if state == "streaming":
            stream = client.stream_chat(**HI)
            await anext(stream)
            circle.append(stream)
            del stream
        assert client._pools is not None
        pool = weakref.ref(next(iter(client._pools._pools.values()))[0])
        dropped = weakref.ref(client)
        del client, circle
        gc.collect()
        assert dropped() is None
        for _ in range(100):
            await asyncio.sleep(0)
        gc.collect()
        return pool() is None

    held = len(left_open._in_use)
    assert asyncio.run(use_and_drop())
    gc.collect()
    assert len(left_open._in_use) == held
    assert capfd.readouterr().err == ""
    assert caplog.text == ""
