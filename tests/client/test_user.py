"""`client.user`: gone on .cn, and read where a site still tells."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from siliconflow_client import GoneError, SiliconFlowClient, UserInfo
from siliconflow_simulator import Simulator
from tests.client.callers import Caller, answering
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])


async def retrieve(ask: Caller) -> Any:
    if isinstance(ask.client, SiliconFlowClient):
        return ask.client.user.retrieve()
    return await ask.client.user.retrieve()


@both
async def test_the_documented_answer_is_read(kind: str):
    async with Caller(kind, answering(INDEX["user/info.json"].content)) as ask:
        info = await retrieve(ask)
    assert isinstance(info, UserInfo)
    data = INDEX["user/info.json"].json()["data"]
    assert (info.balance, info.charge_balance) == (data["balance"], data["chargeBalance"])
    assert info.total_balance == data["totalBalance"]
    assert info.raw == data


@both
@pytest.mark.parametrize("data", [{}, {"balance": None, "totalBalance": None}])
async def test_every_field_may_be_missing(kind: str, data: dict[str, Any]):
    async with Caller(
        kind, lambda request: httpx.Response(200, json={"code": 20000, "data": data})
    ) as ask:
        assert (await retrieve(ask)).balance == ""


async def test_the_simulator_says_that_it_is_gone_and_the_hint_how_to_check_a_key():
    with httpx.Client(transport=Simulator().transport()) as http:
        client = SiliconFlowClient(api_key="sk-test", http_client=http)
        with pytest.raises(GoneError) as caught:
            client.user.retrieve()
    assert (caught.value.status_code, caught.value.code) == (410, 20092)
    assert "models()" in str(caught.value.hint)
