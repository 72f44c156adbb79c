"""Batch inference: a chain asked for many inputs at once, answered within days, for less money."""

import tempfile
from pathlib import Path

from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel

from langchain_siliconflow import BatchJob, ChatSiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


class Person(BaseModel):
    """A person in the text."""

    name: str
    age: int


settings = local_settings()
chat = ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3", **settings)
prompt = ChatPromptTemplate([("system", "You read letters."), ("human", "{text}")])
chain = prompt | chat.with_structured_output(Person)
people = {"Anna": 31, "Ben": 40, "Cleo": 52}
inputs = [{"text": f"The name is {name}, the age is {age}."} for name, age in people.items()]

# Everything is kept in a file. A process may be killed at any moment; nothing is paid twice.
state = Path(tempfile.mkdtemp()) / "job.json"
job = BatchJob.submit(chain, inputs, state=state, completion_window="24h")
print(f"{len(job.batch_ids)} batch for {job.progress.total} inputs")
job.close()

# Another process, another day: the results are those of chain.batch(inputs).
job = BatchJob.resume(chain, state)
job.wait(poll=0.01 if settings else 60, on_progress=print)
for person in job.results(return_exceptions=True):
    print(repr(person))
job.resubmit_failed()  # only what failed is sent again: here nothing
