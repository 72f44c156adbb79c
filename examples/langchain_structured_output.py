"""Turn text into objects: a pydantic class says what to look for."""

from pydantic import BaseModel, Field

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


class Person(BaseModel):
    """A person in the text."""

    name: str = Field(description="first name")
    age: int = Field(description="age in years")
    city: str = Field(description="city they live in")


chat = ChatSiliconFlow(model="Qwen/Qwen3.5-27B", enable_thinking=False, **local_settings())
TEXT = "The name is Anna. Anna has an age of 31 years and lives in the city Lisbon."

# Three ways to ask: a function call (works with every model that has tools), the schema itself,
# or JSON mode, where the prompt has to say what the object looks like.
for method in ("function_calling", "json_schema"):
    person = chat.with_structured_output(Person, method=method).invoke(TEXT)
    print(f"{method}: {person!r}")

# With include_raw, nothing raises: the message and the error come along.
result = chat.with_structured_output(Person, include_raw=True).invoke(TEXT)
print("tokens:", result["raw"].usage_metadata["total_tokens"])
print("error:", result["parsing_error"])
