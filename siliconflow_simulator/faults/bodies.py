"""Bodies that go out instead of an answer, as documents and captures show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue

HTML: Final = (
    "<html><head><title>504 Gateway Time-out</title></head>"
    "<body><center><h1>504 Gateway Time-out</h1></center></body></html>"
)
_TPM: Final = "Request was rejected due to rate limiting. Details: TPM limit reached."
PLAIN_429: Final = (
    "Request was rejected due to rate limiting. "
    "If you want more, please contact contact@siliconflow.cn"
)


def _object(code: int, message: str) -> JsonObject:
    return {"code": code, "message": message, "data": None}


BODIES: Final[dict[str, JsonValue]] = {
    "400": _object(20015, "The parameter is invalid. Please check again."),
    "401": {"code": 30014, "data": None, "message": "Token is invalid."},
    "402": _object(30001, "Sorry, your account balance is insufficient"),
    "403": _object(30003, "Model disabled."),
    "404": "404 page not found",
    "410": _object(20092, "This endpoint is deprecated and is no longer available."),
    "413": _object(20042, "input must have less than 8192 tokens"),
    "429": _object(50602, _TPM),
    # The code is the vendor's; no source prints the wording.
    "451": _object(20021, "The content was rejected."),
    "500": _object(50507, "Request failed: Unknown error."),
    "503": _object(50508, "System is too busy now. Please try again later."),
}
# The code is the vendor's; no source prints the wording.
EXPIRED: Final = _object(20063, "The task has expired.")
MIDSTREAM: Final = _object(50507, "Request failed: Unknown error.")
MIDSTREAM_OPENAI: Final[JsonObject] = {
    "error": {"message": "Internal error", "type": "server_error", "param": None, "code": "500"}
}
# What a server built on FastAPI says by itself: a text, or a list of problems.
DETAIL: Final[dict[str, tuple[int, JsonObject]]] = {
    "detail": (404, {"detail": "Not Found"}),
    "detail-list": (
        422,
        {
            "detail": [
                {
                    "type": "missing",
                    "loc": ["body", "messages"],
                    "msg": "Field required",
                    "input": None,
                }
            ]
        },
    ),
}
