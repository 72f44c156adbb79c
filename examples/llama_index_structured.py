"""Structured prediction: a pydantic object from text, whole and while it arrives."""

from llama_index.core import PromptTemplate
from pydantic import BaseModel

from llama_index_siliconflow import SiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


class Person(BaseModel):
    """A person."""

    name: str
    age: int


llm = SiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **local_settings())
prompt = PromptTemplate("{text} Who is this?")

print(llm.structured_predict(Person, prompt, text="Alice is 30 years old."))
for partial in llm.stream_structured_predict(Person, prompt, text="Bernard is 41 years old."):
    print(repr(partial))
