"""Which test proves that a parameter reaches the server through a framework; see `coverage_proofs`."""

from __future__ import annotations

from typing import Final

from tests.coverage_proofs import (
    ACCOUNT,
    DECIDED,
    ONLY_CHAT,
    ROUTES,
    Cell,
)

_LC: Final = "tests/langchain/"
_LI: Final = "tests/llama_index/"
_SIM: Final = "tests/simulator/"
_BY_TOOLS: Final = (
    _LC + "test_toolkit_parameters.py::test_a_parameter_is_sent[sync-{endpoint}-{name}]",
    _LI + "test_tool_spec_parameters.py::test_a_parameter_is_sent[sync-{endpoint}-{name}]",
)
_HEARD: Final = (
    _LC + "test_blob_parsers.py::test_a_recording_becomes_its_words",
    _LI + "test_readers.py::test_a_recording_becomes_its_words",
)
_RERANK: Final = _LC + "test_rerank.py::test_parameters_reach_the_wire"
_BGE: Final = _LI + "test_rerank.py::test_parameters_of_bge"
_BEST: Final = _LI + "test_rerank.py::test_the_best_nodes_come_first"
_EMBEDDING: Final = _LC + "test_embeddings.py::test_keywords"
_EXTRAS: Final = _LI + "test_embedding.py::test_extras_are_merged_at_top_level"
_TOOLS: Final = (
    _LC + "test_parameters.py::test_tools_and_their_choice_are_sent[bind]",
    _LI + "test_parameters.py::test_all_of_them_at_once",
)
_KEYWORDS: Final = _LC + "test_keywords.py::test_the_keywords_of_chat_openai"
Cells = tuple[Cell, Cell]
REST: Final = "*"
"""Stands for the parameters of an endpoint that have no row of their own."""

FRAMEWORKS: Final[dict[str, dict[str, Cells]]] = {
    "chat": {
        REST: (
            _LC + "test_parameters.py::test_a_chat_parameter_is_sent[{name}-constructor]",
            _LI + "test_parameters.py::test_a_parameter_is_sent[{name}-field]",
        ),
        "model": (_KEYWORDS, _LI + "test_simulated.py::test_an_unknown_model"),
        "messages": (_KEYWORDS, _LI + "test_tools.py::test_the_history_is_not_changed"),
        "tools": _TOOLS,
        "tool_choice": _TOOLS,
    },
    "completions": {
        REST: (
            _LC + "test_parameters.py::test_a_parameter_of_a_completion_is_sent[{name}-completions-constructor-invoke]",
            _LI + "test_completion.py::test_every_parameter_arrives[sync-field-completions]",
        ),
        **dict.fromkeys(
            ("model", "prompt"),
            (_LC + "test_llms.py::test_completion", _LI + "test_completion.py::test_a_prompt_is_continued"),
        ),
    },
    "embeddings": {
        "model": (_EMBEDDING, _LI + "test_embedding.py::test_model_name_is_the_model"),
        "input": (_EMBEDDING, _LI + "test_embedding.py::test_no_request_holds_more_than_32_texts"),
        "user": (_EMBEDDING, _EXTRAS),
        "truncate": (_EMBEDDING, _EXTRAS),
        "dimensions": (
            _LC + "test_acceptance.py::test_case_19_embeddings",
            _LI + "test_embedding.py::test_dimensions",
        ),
        "encoding_format": (
            _LC + "test_embeddings.py::test_base64_gives_the_same_floats",
            _LI + "test_embedding.py::test_base64_gives_the_same_vectors",
        ),
    },
    "rerank": {
        REST: (_RERANK, _BGE),
        **dict.fromkeys(("query", "documents", "top_n"), (_RERANK, _BEST)),
        **dict.fromkeys(
            ("model", "instruction"), (_RERANK, _LI + "test_rerank.py::test_parameters_of_qwen")
        ),
    },
    "messages": {REST: (ONLY_CHAT, ONLY_CHAT)},
    "images": {REST: _BY_TOOLS},
    "video": {REST: _BY_TOOLS},
    "speech": {REST: _BY_TOOLS, "stream": (DECIDED, DECIDED)},
    "transcriptions": dict.fromkeys(("model", "file"), _HEARD),
    "voices": {REST: (ACCOUNT, ACCOUNT)},
}  # fmt: skip

# Methods whose arguments stand in no table, with their endpoints.
METHODS: Final = {
    "models": "GET /models",
    "videos.status": "POST /video/status",
    "voices.delete": "POST /audio/voice/deletions",
    "files.create": "POST /files",
    "files.list": "GET /files",
    "files.content": "GET /files/{id}/content",
    "batches.create": "POST /batches",
    "batches.retrieve": "GET /batches/{id}",
    "batches.cancel": "POST /batches/{id}/cancel",
    "batches.list": "GET /batches",
}
OF_THE_CLIENT: Final = frozenset({"self", "options", "extra_body", "output_urls"})
"""Arguments that are not sent."""

_FILTERED: Final = _SIM + "test_completions.py::test_the_list_is_filtered"
_NEVER: Final = _SIM + "test_every_argument.py::test_what_was_never_made_is_not_found"
_UPLOAD: Final = _SIM + "test_batch_api.py::test_what_is_no_upload_is_refused"
_BATCH: Final = _SIM + "test_batch_api.py::test_a_batch_that_cannot_be_made_is_refused"
_ABSENT: Final = _SIM + "test_batch_api.py::test_a_batch_that_is_not_there_is_a_404"
_PAGES: Final = _SIM + "test_every_argument.py::test_pages_go_on_where_the_last_one_ended"
_LIMIT: Final = _SIM + "test_every_argument.py::test_a_limit_beyond_the_documented_is_refused"

SIMULATOR: Final[dict[tuple[str, str], str]] = {
    ("models", "type"): _FILTERED,
    ("models", "sub_type"): _FILTERED,
    ("videos.status", "request_id"): _NEVER,
    ("voices.delete", "uri"): _NEVER,
    ("files.create", "file"): _UPLOAD,
    ("files.create", "purpose"): _UPLOAD,
    ("files.create", "filename"): _SIM + "test_batch_api.py::test_an_upload_is_answered_in_the_documented_envelope",
    ("files.list", "after"): _PAGES,
    ("files.list", "limit"): _LIMIT,
    ("files.content", "file_id"): _SIM + "test_every_argument.py::test_nor_is_what_was_never_kept",
    ("batches.create", "input_file_id"): _BATCH,
    ("batches.create", "completion_window"): _BATCH,
    ("batches.create", "endpoint"): _BATCH,
    ("batches.create", "metadata"): _SIM + "test_vendor_samples.py::test_the_batch_samples_run_as_they_are_written",
    ("batches.retrieve", "batch_id"): _ABSENT,
    ("batches.cancel", "batch_id"): _ABSENT,
    ("batches.list", "after"): _SIM + "test_batch_api.py::test_batches_are_listed_without_being_looked_at",
    ("batches.list", "limit"): _LIMIT,
}  # fmt: skip


def of_frameworks(endpoint: str, name: str) -> Cells:
    """The cells of both frameworks for a parameter of the table."""
    rows = FRAMEWORKS[endpoint]
    return rows[name] if name in rows else rows[REST]


def of_methods(method: str) -> Cells:
    """The cells of both frameworks for an argument: those of its endpoint."""
    route = ROUTES[METHODS[method]]
    return route.langchain, route.llama_index
