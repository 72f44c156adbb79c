"""What is measured: parts of tables, tables of contenders, each at several sizes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """One column's name, its function in the child process, and whose environment it needs.

    Attributes:
        name: As shown.
        factory: The function that makes it; for imports, the statement.
        is_peer: Whether it runs in the peers' environment.
        most: The largest size that is asked of it.
        task: Where it differs from the table's.
    """

    name: str
    factory: str
    is_peer: bool = False
    most: int | None = None
    task: str | None = None


@dataclass(frozen=True)
class Table:
    """Some contenders at some sizes.

    Attributes:
        key: Names it in the file of figures.
        title: What is measured.
        metric: Which figure of the child is shown.
        unit: Of the figure.
        task: The child's task.
        contenders: Columns.
        sizes: Rows; one 0 where there is no size.
        size_name: What the sizes are.
        turns: How often contenders take turns; the least counts.
        divisor: From the child's unit to the one that is shown.
    """

    key: str
    title: str
    metric: str
    unit: str
    task: str
    contenders: tuple[Contender, ...]
    sizes: tuple[int, ...] = (0,)
    size_name: str = ""
    turns: int = 2
    divisor: float = 1.0


def _peer(name: str, factory: str, most: int | None = None, task: str | None = None) -> Contender:
    return Contender(name, factory, is_peer=True, most=most, task=task)


CHAT_PEERS = (
    _peer("ChatMistralAI", "chat_mistral"),
    _peer("ChatOpenAI", "chat_openai"),
    _peer("ChatSiliconFlow 1.0.0", "chat_siliconflow_100"),
)
LLAMA_PEERS = (
    _peer("llms-siliconflow", "llama_siliconflow"),
    _peer("llms-openai-like", "llama_openai_like"),
)
OURS = Contender("ours", "chat_siliconflow_ours")
LLAMA = Contender("ours", "llama_ours")


def _langchain(task: str) -> Contender:
    return Contender("LangChain, ours", "chat_siliconflow_ours", task=task)


def _llama(task: str) -> Contender:
    return Contender("LlamaIndex, ours", "llama_ours", task=task)


CALLS = (
    Table(
        "client_chat", "Client: chat", "cpu", "µs a call", "calls:client_chat",
        (Contender("ours", "client_ours"),),
    ),
    Table(
        "langchain_stream", "LangChain: stream", "cpu", "µs a chunk", "calls:langchain_stream",
        (
            Contender("LangChain alone, making the chunks", "langchain_floor"),
            Contender("LangChain alone, the same chunk again", "langchain_bare_floor"),
            OURS, *CHAT_PEERS,
        ),
    ),
    Table(
        "langchain_invoke", "LangChain: invoke", "cpu", "µs a call", "calls:langchain_invoke",
        (OURS, *CHAT_PEERS),
    ),
    Table(
        "construct", "LangChain: construct", "cpu", "µs a model", "calls:construct",
        (OURS, *CHAT_PEERS[1:]),
    ),
    Table(
        "llama_stream", "LlamaIndex: stream with events", "cpu", "µs a chunk",
        "calls:llama_stream", (LLAMA, *LLAMA_PEERS),
    ),
    Table(
        "llama_chat", "LlamaIndex: chat", "cpu", "µs a call", "calls:llama_chat",
        (LLAMA, *LLAMA_PEERS),
    ),
)  # fmt: skip

VECTORS = (
    Table(
        "vectors", "Embeddings: a document of 1024 floats", "cpu", "µs", "calls:langchain_embed",
        (
            Contender("httpx + json, no package", "embeddings_raw"),
            Contender("LangChain, ours", "embeddings_ours"),
            Contender("LangChain, ours, base64", "embeddings_ours_base64"),
            Contender("LlamaIndex, ours", "llama_embedding_ours", task="calls:llama_embed"),
            _peer("OpenAIEmbeddings (base64)", "embeddings_openai"),
            _peer(
                "embeddings-siliconflow", "llama_embedding_siliconflow", task="calls:llama_embed",
            ),
            _peer(
                "embeddings-openai-like", "llama_embedding_openai_like", task="calls:llama_embed",
            ),
        ),
    ),
)  # fmt: skip

IMPORTS = (
    Table(
        "imports_langchain", "LangChain: import", "cpu", "ms", "import",
        (
            Contender(
                "langchain_core's chat models", "import langchain_core.language_models.chat_models"
            ),
            Contender("ours: ChatSiliconFlow", "from langchain_siliconflow import ChatSiliconFlow"),
            Contender(
                "ours: SiliconFlowEmbeddings",
                "from langchain_siliconflow import SiliconFlowEmbeddings",
            ),
            _peer("ChatOpenAI", "from langchain_openai import ChatOpenAI"),
            _peer("ChatSiliconFlow 1.0.0", "from langchain_siliconflow import ChatSiliconFlow"),
        ),
        turns=4, divisor=1000,
    ),
    Table(
        "imports_llama", "LlamaIndex: import", "cpu", "ms", "import",
        (
            Contender("llama_index.core", "import llama_index.core"),
            Contender(
                "ours: all three",
                "from llama_index_siliconflow import "
                "SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank",
            ),
            _peer("llms-siliconflow", "from llama_index.llms.siliconflow import SiliconFlow"),
            _peer("llms-openai-like", "from llama_index.llms.openai_like import OpenAILike"),
        ),
        turns=4, divisor=1000,
    ),
)  # fmt: skip

_IN_FLIGHT = (1, 16, 64, 256, 1024)
FLIGHTS = (
    Table(
        "flights", "Asynchronous calls in flight", "cpu", "µs of CPU a call", "flights",
        (
            Contender("ours, httpx", "client_httpx"),
            Contender("ours, aiohttp", "client_aiohttp"),
            Contender("httpx alone", "httpx_alone", most=256),
            Contender("aiohttp alone", "aiohttp_alone"),
            _peer("AsyncOpenAI", "async_openai", most=256),
            Contender("ours, LangChain", "langchain_ours"),
            Contender("LangChain alone, no wire", "langchain_floor"),
            _peer("ChatOpenAI", "chat_openai", most=256),
        ),
        sizes=_IN_FLIGHT, size_name="in flight", turns=1,
    ),
    Table(
        "layers", "The same, layer by layer", "cpu", "µs of CPU a call", "flights",
        (
            Contender("aiohttp alone", "aiohttp_alone"),
            Contender("httpx's objects on aiohttp", "httpx_objects_on_aiohttp"),
            Contender("httpx's client on aiohttp", "httpx_on_aiohttp"),
            Contender("ours, aiohttp", "client_aiohttp"),
        ),
        sizes=(1, 256), size_name="in flight", turns=1,
    ),
    Table(
        "threads", "Synchronous calls in threads", "cpu", "µs of CPU a call", "threads",
        (
            Contender("ours", "client_sync"),
            Contender("httpx alone", "httpx_sync"),
            _peer("OpenAI", "openai_sync"),
        ),
        sizes=(1, 8, 64, 128), size_name="threads", turns=1,
    ),
)  # fmt: skip

LISTS = (
    Table(
        "lists", "512 texts or 1024 documents ÷ the ideal time with 8 requests in flight",
        "ideal", "times", "lists:langchain",
        (
            Contender("LangChain, ours", "embeddings_ours"),
            Contender("LlamaIndex, ours", "llama_embedding_ours", task="lists:llama"),
            Contender("LangChain rerank, ours", "rerank_ours", task="lists:langchain_rerank"),
            Contender("LlamaIndex rerank, ours", "llama_rerank_ours", task="lists:llama_rerank"),
            Contender("LangChain async, ours", "embeddings_ours", task="lists:langchain_async"),
            Contender("LlamaIndex async, ours", "llama_embedding_ours", task="lists:llama_async"),
            _peer("OpenAIEmbeddings", "embeddings_openai"),
            _peer("OpenAIEmbeddings async", "embeddings_openai", task="lists:langchain_async"),
            _peer("openai-like", "llama_embedding_openai_like", task="lists:llama"),
            _peer("openai-like async", "llama_embedding_openai_like", task="lists:llama_async"),
            _peer("embeddings-siliconflow", "llama_embedding_siliconflow", task="lists:llama"),
        ),
        sizes=(150, 500), size_name="ms a request", turns=1,
    ),
)  # fmt: skip

STREAMS = (
    Table(
        "streams", "Streams", "cpu", "µs of CPU a chunk", "growth",
        (
            Contender("client", "client_ours", task="streams:streams_client"),
            _langchain("streams:streams_langchain"),
            _llama("streams:streams_llama"),
            _peer("ChatOpenAI", "chat_openai", 10_000, "streams:streams_langchain"),
            _peer("llms-openai-like", "llama_openai_like", 10_000, "streams:streams_llama"),
            _peer("llms-siliconflow", "llama_siliconflow", 10_000, "streams:streams_llama"),
        ),
        sizes=(1, 10, 100, 1000, 10_000, 100_000), size_name="chunks", turns=1,
    ),
)  # fmt: skip

HISTORIES = (
    Table(
        "histories", "Histories, the two sides in turn", "cpu", "ms of CPU a call", "growth",
        (
            _langchain("histories:histories_langchain"),
            _llama("histories:histories_llama"),
            _peer("ChatOpenAI", "chat_openai", None, "histories:histories_langchain"),
            _peer("llms-openai-like", "llama_openai_like", None, "histories:histories_llama"),
        ),
        sizes=(1, 50, 500, 5000), size_name="messages", turns=1, divisor=1000,
    ),
    Table(
        "neighbours", "Neighbouring messages of one user", "message", "µs of CPU a message",
        "growth",
        (
            _langchain("neighbours:neighbours_langchain"),
            _llama("neighbours:neighbours_llama"),
        ),
        sizes=(500, 4000), size_name="messages", turns=1,
    ),
)  # fmt: skip

TOOLS = (
    Table(
        "tools", "Tools", "cpu", "µs of CPU a call", "growth",
        (
            _langchain("tools:tools_langchain"),
            _llama("tools:tools_llama"),
            _peer("ChatOpenAI", "chat_openai", None, "tools:tools_langchain"),
            _peer("llms-openai-like", "llama_openai_like", None, "tools:tools_llama"),
        ),
        sizes=(0, 1, 20, 200), size_name="tools", turns=1,
    ),
)  # fmt: skip

CORPUS = (
    Table(
        "corpus", "A corpus: memory beyond that of one request", "megabytes", "MB", "corpus",
        (
            Contender("embed_many", "client_ours", task="corpus:corpus_many"),
            Contender(
                "LangChain, ours", "embeddings_ours", most=20_000, task="corpus:corpus_langchain",
            ),
            Contender(
                "LlamaIndex, ours", "llama_embedding_ours", most=20_000, task="corpus:corpus_llama",
            ),
            _peer("OpenAIEmbeddings", "embeddings_openai", 20_000, "corpus:corpus_langchain"),
            _peer("openai-like", "llama_embedding_openai_like", 20_000, "corpus:corpus_llama"),
        ),
        sizes=(1000, 5000, 20_000, 100_000), size_name="documents", turns=1,
    ),
)  # fmt: skip
PARTS: dict[str, tuple[Table, ...]] = {
    "calls": CALLS,
    "vectors": VECTORS,
    "imports": IMPORTS,
    "flights": FLIGHTS,
    "lists": LISTS,
    "streams": STREAMS,
    "histories": HISTORIES,
    "tools": TOOLS,
    "corpus": CORPUS,
}
GROWTH = ("flights", "streams", "histories", "tools", "corpus")
"""The parts whose sizes grow: `make bench ARGS=growth`."""
