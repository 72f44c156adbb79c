"""Fill in code between a beginning and an end, as it is written."""

from langchain_siliconflow import SiliconFlowLLM
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

llm = SiliconFlowLLM(
    model="Qwen/Qwen2.5-Coder-32B-Instruct", max_tokens=200, temperature=0, **local_settings()
)

BEFORE = '''def mean(numbers: list[float]) -> float:
    """Return the mean of the numbers."""
'''
AFTER = """

print(mean([1, 2, 3]))
"""

print(BEFORE, end="")
for piece in llm.stream(BEFORE, suffix=AFTER):
    print(piece, end="")
print(AFTER, end="")
