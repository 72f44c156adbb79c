"""The API's refusals: status, code and wording as documents and printed answers have them.

Where no source prints the wording (20031, 20081 and the like), the text is ours and the code
is the vendor's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from siliconflow_simulator._wire import SimResponse, json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siliconflow_client import JsonObject, JsonValue


class Refusal(Exception):  # noqa: N818  it is an answer, not a fault of the simulator
    """A request that the API turns down.

    Attributes:
        status: HTTP status.
        payload: The JSON body: an object with `code` and `message`, or a bare string.
        headers: Sent with it.
    """

    def __init__(
        self, status: int, payload: JsonValue, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, payload)
        self.status = status
        self.payload = payload
        self.headers = headers or {}

    def response(self) -> SimResponse:
        """Return the refusal as a response."""
        response = json_response(self.payload, status=self.status)
        response.headers.update(self.headers)
        return response


def refusal(status: int, code: int, message: str) -> Refusal:
    """Make a refusal of the usual shape."""
    return Refusal(status, {"code": code, "message": message, "data": None})


def invalid(message: str) -> Refusal:
    """Refuse with the code of all invalid parameters, 20015."""
    return refusal(400, 20015, message)


def generic_invalid() -> Refusal:
    """Refuse without saying what is wrong, as the API often does."""
    return invalid("The parameter is invalid. Please check again.")


def field_required() -> Refusal:
    """Refuse a request that lacks a field; the API does not say which."""
    return invalid("Field required")


def empty_list() -> Refusal:
    """Refuse an empty list."""
    return invalid("List should have at least 1 item after validation")


def token_invalid() -> Refusal:
    """Refuse a missing or wrong key (since about August 2026 both read alike)."""
    return Refusal(401, {"code": 30014, "data": None, "message": "Token is invalid."})


def model_not_found() -> Refusal:
    """Refuse an id that is not served at this endpoint."""
    return refusal(400, 20012, "Model does not exist. Please check it carefully.")


def engine_has_no_model(model: str) -> Refusal:
    """Refuse an id as vLLM itself does."""
    error: JsonObject = {
        "message": f"The model `{model}` does not exist.",
        "type": "NotFoundError",
        "param": "model",
        "code": 404,
    }
    return Refusal(404, {"error": error})


def page_not_found() -> Refusal:
    """Refuse an unknown path: a bare JSON string."""
    return Refusal(404, "404 page not found")


def endpoint_gone() -> Refusal:
    """Refuse a path that was once served."""
    return refusal(410, 20092, "This endpoint is deprecated and is no longer available.")


def no_thinking_switch() -> Refusal:
    """Refuse `enable_thinking`, true or false, where there is no switch."""
    return invalid("Value error, current model does not support parameter `enable_thinking`.")


def always_thinks() -> Refusal:
    """Refuse to switch the thinking of GLM-5.3 off, or to think with another effort."""
    return invalid("该模型始终思考，不支持关闭思考；请使用 low、high 或 max。")


def no_picture() -> Refusal:
    """Refuse an image that is none."""
    return invalid("图片输入格式/解析错误")


def no_tools() -> Refusal:
    """Refuse `tools` for a model without them."""
    return refusal(400, 20037, "Function call is not supported for this model.")


def no_json_mode() -> Refusal:
    """Refuse a `response_format`."""
    return refusal(400, 20024, "Json mode is not supported for this model.")


def not_vlm() -> Refusal:
    """Refuse an image sent to a text model."""
    return refusal(
        400,
        20041,
        "The model is not a VLM (Vision Language Model). Please use text-only prompts.",
    )


def wrong_image_size() -> Refusal:
    """Refuse an `image_size` that the model does not have."""
    return refusal(400, 20025, "The image size is not supported by this model.")


def task_expired() -> Refusal:
    """Refuse to tell about a job that is not kept (any longer)."""
    return refusal(404, 20063, "The task has expired.")


def context_overflow(model: str, tokens: int, room: int, window: int) -> Refusal:
    """Refuse a prompt that does not fit, in the wording of the model's back end.

    Args:
        model: The model's id; five wordings are known, each from other models.
        tokens: Length of the prompt.
        room: `max_tokens` of the request, or 0.
        window: The model's context window.
    """
    name = model.rsplit("/", 1)[-1]
    if name.startswith(("Qwen3.", "Qwen3-")):
        return invalid(
            f"This model's maximum context length is {window} tokens. However, you requested "
            f"{room} output tokens and your prompt contains at least {tokens} input tokens."
        )
    if name.startswith(("Ling-", "Ring-")):
        return invalid(
            f"number of input tokens ({tokens}) has exceeded max_seq_len ({window}) limit."
        )
    if name.startswith("Qwen2"):
        total = tokens + room
        return Refusal(
            400,
            f"max_total_tokens ({total}) must be less than or equal to max_seq_len ({window})",
        )
    if name.startswith("DeepSeek-V3") and "V3.2" not in name:
        return invalid(
            f"length of prompt_tokens ({tokens}) must be less than max_seq_len ({window})."
        )
    return invalid(
        f"number of input tokens ({tokens}) has exceeded max_prompt_tokens ({window}) limit."
    )
