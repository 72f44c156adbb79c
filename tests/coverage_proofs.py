"""Which test proves which cell of `docs/coverage.md`; a string is a test's id, a `NoPlace` a reason.

`{name}` stands for a parameter, `{kind}` for `sync` or `async`. A test may be named without its
parameters: then all of them prove the cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True)
class NoPlace:
    """Why a framework has no place for it."""

    reason: str


Cell: TypeAlias = str | NoPlace

CALL: Final = "tests/simulator/test_every_call.py::"
ANSWERED: Final = CALL + "test_a_call_is_answered[{kind}-{name}]"
SENT: Final = "tests/simulator/test_every_parameter.py::test_a_parameter_is_sent_and_taken[{kind}-{endpoint}-{name}]"
REFUSED: Final = "tests/simulator/test_every_parameter.py::test_a_value_of_another_kind_is_refused[{endpoint}-{name}]"
LACKING: Final = "tests/simulator/test_every_parameter.py::test_a_form_that_lacks_what_it_needs_is_refused[{endpoint}-{name}]"
UNDOCUMENTED: Final = "tests/simulator/test_ranges.py::test_what_nobody_documents_is_not_looked_at"
ARGUMENT: Final = (
    "tests/simulator/test_every_argument.py::test_an_argument_is_sent[{kind}-{endpoint}-{name}]"
)

_LC: Final = "tests/langchain/"
_LI: Final = "tests/llama_index/"
_SIM: Final = "tests/simulator/"

ONLY_CHAT: Final = NoPlace(
    "The frameworks' models speak in messages; theirs go to `/chat/completions`, which answers the same."
)
BY_JOB: Final = NoPlace("`BatchJob` uploads, creates, looks and downloads by itself.")
ACCOUNT: Final = NoPlace(
    "Neither framework has a class for what belongs to an account; the client has the method."
)
OFF: Final = NoPlace("The vendor has switched the endpoint off.")
DECIDED: Final = NoPlace("The tools decide it themselves.")

TOOLKIT: Final = _LC + "test_toolkit.py::test_an_answer_names_the_files_and_its_artifact_holds_them"
TOOL_SPEC: Final = (
    _LI + "test_tool_spec.py::test_an_answer_names_the_files_and_its_raw_output_holds_them"
)
LC_FILM: Final = _LC + "test_toolkit.py::test_a_film_is_ordered_and_fetched_without_a_long_wait"
LI_FILM: Final = _LI + "test_tool_spec.py::test_a_film_is_ordered_and_fetched_without_a_long_wait"
LC_JOB: Final = _LC + "test_batches.py::test_results_are_those_of_batch"
LI_JOB: Final = _LI + "test_batches.py::test_results_are_those_of_the_call"
BOTH_TOOLS: Final = (TOOLKIT, TOOL_SPEC)
BOTH_FILMS: Final = (LC_FILM, LI_FILM)


@dataclass(frozen=True)
class Route:
    """An endpoint: the client's methods for it, and what proves the other columns."""

    methods: tuple[str, ...]
    simulator: str
    langchain: Cell
    llama_index: Cell


# --- endpoints --------------------------------------------------------------------------------------

ROUTES: Final[dict[str, Route]] = {
    "POST /chat/completions": Route(
        ("chat", "stream_chat", "chat_many"),
        _SIM + "test_shapes.py::test_a_plain_answer_fits_the_documented_schema",
        _LC + "test_surfaces.py::test_thinking_and_text",
        _LI + "test_simulated.py::test_plain_and_streamed_answers_agree",
    ),
    "POST /completions": Route(
        ("complete", "stream_complete", "complete_many"),
        _SIM + "test_completions.py::test_a_stream_joins_to_the_plain_text",
        _LC + "test_llms.py::test_on_the_simulator",
        _LI + "test_completion.py::test_infill_against_the_simulator",
    ),
    "POST /messages": Route(
        ("messages.create", "messages.stream"),
        _SIM + "test_messages.py::test_a_stream_says_the_same_in_pieces",
        ONLY_CHAT,
        ONLY_CHAT,
    ),
    "POST /embeddings": Route(
        ("embed", "embed_many"),
        _SIM + "test_vectors.py::test_the_shape_of_the_answer",
        _LC + "test_embeddings.py::test_in_a_vector_store",
        _LI + "test_simulated.py::test_dimensions",
    ),
    "POST /rerank": Route(
        ("rerank", "rerank_many"),
        _SIM + "test_vectors.py::test_documents_come_best_first_with_scores_from_0_to_1",
        _LC + "test_rerank.py::test_in_a_compression_retriever",
        _LI + "test_simulated.py::test_a_query_engine_with_rerank",
    ),
    "POST /images/generations": Route(
        ("images.generate", "images.save"),
        _SIM + "test_media.py::test_the_answer_has_the_shape_of_the_documents",
        *BOTH_TOOLS,
    ),
    "POST /video/submit": Route(
        ("videos.submit",),
        _SIM + "test_media.py::test_the_same_request_twice_makes_two_jobs",
        *BOTH_FILMS,
    ),
    "POST /video/status": Route(
        ("videos.status", "videos.wait", "videos.save"),
        _SIM + "test_media.py::test_each_look_takes_a_job_one_step_further",
        *BOTH_FILMS,
    ),
    "POST /audio/speech": Route(
        ("audio.speech.create", "audio.speech.stream", "audio.speech.with_streaming_response.create"),
        _SIM + "test_media.py::test_a_wav_is_as_long_as_its_text",
        *BOTH_TOOLS,
    ),
    "POST /audio/transcriptions": Route(
        ("audio.transcriptions.create",),
        _SIM + "test_media.py::test_what_was_said_here_is_heard_again",
        _LC + "test_blob_parsers.py::test_a_recording_becomes_its_words",
        _LI + "test_readers.py::test_a_recording_becomes_its_words",
    ),
    "POST /uploads/audio/voice": Route(
        ("voices.create",),
        _SIM + "test_media.py::test_a_voice_is_uploaded_listed_and_deleted",
        ACCOUNT,
        ACCOUNT,
    ),
    "GET /audio/voice/list": Route(
        ("voices.list",),
        _SIM + "test_media.py::test_a_voice_is_uploaded_listed_and_deleted",
        ACCOUNT,
        ACCOUNT,
    ),
    "POST /audio/voice/deletions": Route(
        ("voices.delete",),
        _SIM + "test_media.py::test_a_voice_is_uploaded_listed_and_deleted",
        ACCOUNT,
        ACCOUNT,
    ),
    "POST /files": Route(
        ("files.create",),
        _SIM + "test_batch_api.py::test_an_upload_is_answered_in_the_documented_envelope",
        LC_JOB,
        LI_JOB,
    ),
    "GET /files": Route(
        ("files.list", "files.page"),
        _SIM + "test_batch_api.py::test_files_are_listed_in_pages_the_newest_first",
        BY_JOB,
        BY_JOB,
    ),
    "GET /files/{id}/content": Route(
        ("files.content", "files.stream"),
        _SIM + "test_batch_api.py::test_results_may_be_named_by_urls_that_take_no_key",
        LC_JOB,
        LI_JOB,
    ),
    "POST /batches": Route(
        ("batches.create", "batches.submit", "batches.resume"),
        _SIM + "test_batch_api.py::test_a_batch_is_created_as_documented_and_advances_with_every_look",
        LC_JOB,
        LI_JOB,
    ),
    "GET /batches": Route(
        ("batches.list", "batches.page"),
        _SIM + "test_batch_api.py::test_batches_are_listed_without_being_looked_at",
        BY_JOB,
        BY_JOB,
    ),
    "GET /batches/{id}": Route(
        ("batches.retrieve",),
        _SIM + "test_batch_api.py::test_a_batch_is_created_as_documented_and_advances_with_every_look",
        LC_JOB,
        LI_JOB,
    ),
    "POST /batches/{id}/cancel": Route(
        ("batches.cancel",),
        _SIM + "test_batch_api.py::test_a_cancelled_batch_keeps_what_was_done",
        _LC + "test_batches.py::test_a_cancelled_job_gives_what_is_there",
        _LI + "test_batches.py::test_a_cancelled_job_gives_what_is_there",
    ),
    "GET /models": Route(
        ("models",), _SIM + "test_completions.py::test_the_list_is_filtered", ACCOUNT, ACCOUNT
    ),
    "GET /user/info": Route(
        ("user.retrieve",),
        _SIM + "test_routes.py::test_the_account_s_data_are_gone_as_the_vendor_says",
        OFF,
        OFF,
    ),
}  # fmt: skip

# Methods that need another call before them have a test of their own.
METHODS: Final[dict[str, str]] = {
    "chat_many": CALL + "test_requests_in_plenty[{kind}]",
    "complete_many": CALL + "test_requests_in_plenty[{kind}]",
    "images.save": CALL + "test_images_are_saved[{kind}]",
    "videos.status": CALL + "test_a_film_is_waited_for_and_saved[{kind}]",
    "videos.wait": CALL + "test_a_film_is_waited_for_and_saved[{kind}]",
    "videos.save": CALL + "test_a_film_is_waited_for_and_saved[{kind}]",
    "voices.delete": CALL + "test_a_voice_is_deleted[{kind}]",
    "files.create": CALL + "test_files_are_uploaded_and_read[{kind}]",
    "files.content": CALL + "test_files_are_uploaded_and_read[{kind}]",
    "files.stream": CALL + "test_files_are_uploaded_and_read[{kind}]",
    "batches.create": CALL + "test_a_batch_is_created_looked_at_and_cancelled[{kind}]",
    "batches.retrieve": CALL + "test_a_batch_is_created_looked_at_and_cancelled[{kind}]",
    "batches.cancel": CALL + "test_a_batch_is_created_looked_at_and_cancelled[{kind}]",
    "batches.submit": CALL + "test_a_job_is_submitted_and_resumed[{kind}]",
    "batches.resume": CALL + "test_a_job_is_submitted_and_resumed[{kind}]",
    "user.retrieve": CALL + "test_the_account_s_endpoint_is_gone[{kind}]",
}
