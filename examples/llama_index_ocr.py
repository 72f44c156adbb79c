"""Scans and recordings as documents: a directory is read by the readers of its files."""
# pyright: basic

from pathlib import Path
from tempfile import mkdtemp

from llama_index.core import SimpleDirectoryReader

from llama_index_siliconflow import SiliconFlowAudioReader, SiliconFlowOCRReader
from siliconflow_simulator import local_settings, when

# What the model reads where there is no SILICONFLOW_API_KEY: a mark, and the words.
page = "<|ref|>title<|/ref|><|det|>[[80, 60, 400, 90]]<|/det|>\n# Invoice 17\n\nTotal: 42 euros"
settings = local_settings([when(model="deepseek-ai/DeepSeek-OCR").says(page)])

folder = Path(mkdtemp())
(folder / "invoice.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
(folder / "call.wav").write_bytes(b"RIFF\x24\x1f\0\0WAVEfmt \x10\0\0\0\1\0\1\0" + bytes(8000))

readers = {".pdf": SiliconFlowOCRReader(**settings), ".wav": SiliconFlowAudioReader(**settings)}
reader = SimpleDirectoryReader(str(folder), file_extractor=readers, raise_on_error=True)
for document in reader.load_data():
    print(f"{document.metadata['file_name']}: {document.text!r}")
