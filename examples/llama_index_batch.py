"""Batch inference: an LLM asked many things at once, answered within days, for less money."""

import tempfile
from pathlib import Path

from pydantic import BaseModel

from llama_index_siliconflow import BatchJob, SiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


class Person(BaseModel):
    """A person in the text."""

    name: str
    age: int


settings = local_settings()
llm = SiliconFlow(model="deepseek-ai/DeepSeek-V3", **settings)
texts = ["The name is Anna, the age is 31.", "The name is Ben, the age is 40."]

# Everything is kept in a file. A process may be killed at any moment; nothing is paid twice.
state = Path(tempfile.mkdtemp()) / "job.json"
job = BatchJob.submit(llm, texts, state=state, output_cls=Person, completion_window="24h")
print(f"{len(job.batch_ids)} batch for {job.progress.total} texts")
job.close()

# Another process, another day: the results are those of structured_predict, one for each text.
job = BatchJob.resume(llm, state, output_cls=Person)
job.wait(poll=0.01 if settings else 60, on_progress=print)
for person in job.results(return_exceptions=True):
    print(repr(person))
job.resubmit_failed()  # only what failed is sent again: here nothing
