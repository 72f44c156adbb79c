"""A LangGraph graph: write a draft, review it, and stream both as they are written."""

# pyright: basic

from typing import Any, TypedDict

from langgraph.graph import START, StateGraph

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

chat = ChatSiliconFlow(model="zai-org/GLM-4.6", enable_thinking=False, **local_settings())


class State(TypedDict):
    facts: str
    draft: str
    review: str


def write(state: State) -> dict[str, str]:
    answer = chat.invoke(f"{state['facts']}\n\nWhat do rivers carry?")
    return {"draft": answer.text}


def review(state: State) -> dict[str, str]:
    question = "Where do rivers drop the sand?"
    return {"review": chat.invoke(f"{state['facts']}\n\n{question} {state['draft']}").text}


graph = StateGraph(State).add_sequence([("write", write), ("review", review)])
app: Any = graph.add_edge(START, "write").compile()

node, facts = "", "Rivers carry sand to the sea. Rivers drop the sand where they slow down."
for chunk, metadata in app.stream({"facts": facts}, stream_mode="messages"):
    if metadata["langgraph_node"] != node:
        node = metadata["langgraph_node"]
        print(f"\n[{node}]")
    print(chunk.text, end="")
print()
