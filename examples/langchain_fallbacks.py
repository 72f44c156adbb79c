"""When a model is overloaded: retry, then fall back to another; other errors say what to do."""

from langchain_core.exceptions import ModelError

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

settings = local_settings()
# The header makes the simulator answer 503; the API itself does not know it.
busy = ChatSiliconFlow(
    model="deepseek-ai/DeepSeek-V3.2",
    max_retries=1,  # 429, 5xx and broken connections; 3 by default
    deadline=60,  # seconds for the whole call, retries included
    default_headers={"x-simulate": "503"},
    **settings,
)
spare = ChatSiliconFlow(model="Qwen/Qwen3-8B", enable_thinking=False, **settings)

answer = busy.with_fallbacks([spare], exceptions_to_handle=(ModelError,)).invoke(
    "The moon pulls the sea, which makes the tides. What makes the tides?"
)
print(f"{answer.response_metadata['model_name']}: {answer.text}")

# LangChain's error classes and ours are the same objects, and each knows whether to try again.
try:
    spare.invoke("Hi", model="nobody/knows-this-model")
except ModelError as error:
    print(type(error).__name__, "retry:", error.is_retryable)
    print(error)
