"""What importing costs and exports, what happens without LangChain, and `register_provider`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
from langchain.chat_models import init_chat_model
from langchain.embeddings import init_embeddings

import langchain_siliconflow
from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings, register_provider
from tests.interpreters import LANGCHAIN, loaded_after, run


def python(code: str) -> str:
    done = run(code)
    return done.stdout + done.stderr


def loaded_by(step: str) -> frozenset[str]:
    return loaded_after(step, LANGCHAIN)


def test_every_name_is_there_and_no_other() -> None:
    for name in langchain_siliconflow.__all__:
        assert getattr(langchain_siliconflow, name) is not None
    assert set(langchain_siliconflow.__all__) <= set(dir(langchain_siliconflow))
    with pytest.raises(AttributeError, match="no attribute 'SiliconFlowTool'"):
        langchain_siliconflow.SiliconFlowTool  # noqa: B018


def test_importing_loads_no_heavy_stacks() -> None:
    modules = loaded_by("import langchain_siliconflow")
    assert not modules & {"openai", "langchain_openai", "numpy", "tiktoken", "httpx"}
    modules = loaded_by("from langchain_siliconflow import ChatSiliconFlow")
    assert not modules & {"openai", "langchain_openai", "numpy", "tiktoken", "transformers"}


@pytest.mark.parametrize("name", ["SiliconFlowEmbeddings", "register_provider"])
def test_the_chat_stack_stays_out_of_other_imports(name: str) -> None:
    modules = loaded_by(f"from langchain_siliconflow import {name}")
    assert not modules & {
        "langchain_core.language_models.chat_models",
        "langchain_siliconflow.chat_models",
        "httpx",
        "langsmith",
    }


def test_embeddings_load_little_beyond_langchains_own_base_class() -> None:
    base = loaded_by("from langchain_core.embeddings import Embeddings")
    ours = loaded_by("from langchain_siliconflow import SiliconFlowEmbeddings")
    chat = loaded_by("from langchain_siliconflow import ChatSiliconFlow")
    assert len(ours) <= len(base) + 52
    # How much less is LangChain's to say: 0.57 with langchain-core 1.7.2, 0.63 with 1.8.1.
    assert len(ours) < len(chat) * 0.7


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
"""


def test_without_langchain_one_line_says_what_to_install() -> None:
    output = python(WITHOUT.format(missing="langchain_core") + "import langchain_siliconflow")
    last = output.strip().splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert 'pip install "siliconflow-integrations[langchain]"' in last


def test_another_missing_module_is_not_blamed_on_langchain() -> None:
    output = python(WITHOUT.format(missing="pydantic") + "import langchain_siliconflow.chat_models")
    last = output.strip().splitlines()[-1]
    assert "No module named 'pydantic'" in last
    assert "siliconflow-integrations" not in last


# --- register_provider -------------------------------------------------------------------------


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-test")
    tables = [
        import_module(module)._BUILTIN_PROVIDERS
        for module in ("langchain.chat_models.base", "langchain.embeddings.base")
    ]
    register_provider()
    yield
    for table in tables:
        table.pop("siliconflow", None)


def test_importing_registers_nothing() -> None:
    with pytest.raises(ValueError, match="siliconflow"):
        init_chat_model("x", model_provider="siliconflow")


@pytest.mark.usefixtures("registered")
def test_init_chat_model() -> None:
    model = init_chat_model("siliconflow:deepseek-ai/DeepSeek-V3.2", temperature=0.5)
    assert isinstance(model, ChatSiliconFlow)
    assert (model.model, model.temperature) == ("deepseek-ai/DeepSeek-V3.2", 0.5)
    assert isinstance(init_chat_model("m", model_provider="siliconflow"), ChatSiliconFlow)


@pytest.mark.usefixtures("registered")
def test_init_embeddings() -> None:
    embeddings = init_embeddings("siliconflow:BAAI/bge-m3", dimensions=64)
    assert isinstance(embeddings, SiliconFlowEmbeddings)
    assert (embeddings.model, embeddings.dimensions) == ("BAAI/bge-m3", 64)


def test_a_release_without_the_table_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("langchain.chat_models.base._BUILTIN_PROVIDERS")
    with pytest.raises(RuntimeError, match="construct ChatSiliconFlow directly"):
        register_provider()


def test_without_langchain_itself() -> None:
    code = WITHOUT.format(missing="langchain")
    output = python(code + "import langchain_siliconflow as l; l.register_provider()")
    assert "ImportError: register_provider() needs the langchain package" in output
