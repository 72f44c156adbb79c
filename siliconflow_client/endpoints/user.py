"""`GET /user/info`: the account's balance, where a site still tells it."""

from __future__ import annotations

from dataclasses import dataclass, field

from siliconflow_client._json import JsonObject
from siliconflow_client.endpoints.shapes import as_object, read_object, text
from siliconflow_client.errors.response import Head
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.groups import AsyncRun, Run
from siliconflow_client.protocol.options import CallOptions
from siliconflow_client.protocol.requests import Request


@dataclass(slots=True)
class UserInfo:
    """An account.

    Attributes:
        id: The account's id.
        balance: Granted money left, as the decimal text that came, without vouchers.
        charge_balance: Paid money left, in the same form.
        total_balance: The sum of both.
        trace_id: The `x-siliconcloud-trace-id` header.
        raw: The `data` object as it came.
    """

    id: str
    balance: str
    charge_balance: str
    total_balance: str
    trace_id: str | None
    raw: JsonObject = field(repr=False)


def read_user(content: bytes, head: Head) -> UserInfo:
    """Read the answer of `GET /user/info`."""
    data = as_object(read_object(content).get("data"), "`data`")
    return UserInfo(
        id=text(data, "id"),
        balance=text(data, "balance"),
        charge_balance=text(data, "chargeBalance"),
        total_balance=text(data, "totalBalance"),
        trace_id=head.trace_id,
        raw=data,
    )


def user_call() -> Call[UserInfo]:
    """Ask for the account behind the key."""
    return Call(Request("GET", "/user/info"), read_user)


class User:
    """The account behind the key (`client.user`)."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def retrieve(self, *, options: CallOptions | None = None) -> UserInfo:
        """Ask for the account and its balance (`GET /user/info`).

        The .cn site has switched this off in August 2026 and named no successor; whether .com
        still answers is unsettled (docs/wire.md#user-info). To check a key, list the models.

        Raises:
            GoneError: The site no longer tells (410, code 20092).
        """
        return self._run(user_call(), options)


class AsyncUser:
    """The asynchronous twin of `User`."""

    def __init__(self, run: AsyncRun) -> None:
        self._run = run

    async def retrieve(self, *, options: CallOptions | None = None) -> UserInfo:
        """As `User.retrieve`."""
        return await self._run(user_call(), options)
