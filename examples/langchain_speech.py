"""Speech and transcription: a text becomes a sound, and a loader's parser writes it down again."""
# pyright: basic

from pathlib import Path
from tempfile import mkdtemp

from langchain_core.documents.base import Blob

from langchain_siliconflow import SiliconFlowAudioParser, SiliconFlowToolkit
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

settings = local_settings()
toolkit = SiliconFlowToolkit(folder=mkdtemp(), voice="anna", speech_format="wav", **settings)
speak = next(tool for tool in toolkit.get_tools() if tool.name == "create_speech")

# As an agent calls it: the message that comes back has the files in its artifact.
said = {"text": "The library lends books for four weeks."}
spoken = speak.invoke({"type": "tool_call", "id": "1", "name": speak.name, "args": said})
path = Path(spoken.artifact["files"][0])
print(path.suffix, path.stat().st_size, "bytes")

# GenericLoader(blob_loader, SiliconFlowAudioParser()) does the same with a whole folder.
for document in SiliconFlowAudioParser(**settings).lazy_parse(Blob.from_path(path)):
    print("heard:", document.page_content)
