"""A toolkit for agents: an image is made and then edited, all inside one folder."""
# pyright: basic

from pathlib import Path
from tempfile import mkdtemp

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowToolkit
from siliconflow_simulator import local_settings, when

# What the model says where there is no SILICONFLOW_API_KEY.
script = [
    when("Draw a red house.").calls("generate_image", prompt="A red house").then.says("Done.")
]
settings = local_settings(script)
folder = mkdtemp()
tools = {tool.name: tool for tool in SiliconFlowToolkit(folder=folder, **settings).get_tools()}
chat = ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **settings)
agent = create_agent(chat, list(tools.values()))

answer = agent.invoke({"messages": [HumanMessage("Draw a red house.")]})
made = next(message for message in answer["messages"] if isinstance(message, ToolMessage))
print(made.text)

# The model names files of the folder; it cannot name others.
name = Path(made.artifact["files"][0]).name
print(tools["edit_image"].invoke({"prompt": "Make it blue", "images": [name]}))
print(tools["edit_image"].invoke({"prompt": "Make it blue", "images": ["../secret.png"]}))
