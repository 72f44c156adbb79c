"""The life of a request, driven by hand: nothing is sent, and no test waits."""

from __future__ import annotations

import contextlib
import itertools
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    ContextLengthError,
    EmptyAnswerError,
    OverloadedError,
    RateLimitError,
    ServerError,
    SiliconFlowError,
    StreamInterruptedError,
)
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.protocol.retry import RetryPolicy
from tests.client.by_hand import Hand, Reply, events
from tests.client.callers import TRACE

OK = Reply(200, [b'{"fine":', b"true}"])
ERROR_500 = Reply(500, [b'{"code":50507,"message":"Request failed: Unknown error.","data":null}'])
ERROR_400 = Reply(400, [b'{"code":20015,"message":"Field required","data":null}'])
LIMITED = Reply(429, [b'{"message":"Request was rejected due to rate limiting.","data":null}'])
REFUSED = APIConnectionError("Connection error: could not connect.")


def data(**delta: object) -> bytes:
    reason = delta.pop("finish", None)
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return f"data: {json.dumps({'id': 'x', 'model': 'm', 'choices': [choice]})}\n\n".encode()


DONE = b"data: [DONE]\n\n"
HELLO = events(data(content="Hel"), data(content="lo"), data(finish="stop"), DONE)


# --- a plain call ---------------------------------------------------------------------------


def test_a_plain_call_is_one_action_that_reads_all_and_frees_the_connection():
    hand = Hand([OK])
    assert hand.plain() == {"fine": True}
    assert hand.log == ["fetch"]


@pytest.mark.parametrize("failure", [ERROR_500, LIMITED, REFUSED], ids=["500", "429", "refused"])
@pytest.mark.parametrize("failures", [1, 2, 3])
def test_a_failure_is_tried_again_until_it_works(failure: Reply | Exception, failures: int):
    hand = Hand([failure] * failures + [OK])
    assert hand.plain() == {"fine": True}
    assert hand.sent == failures + 1
    first = 2.0 if failure is LIMITED else 0.5
    assert hand.waits == [first * 2**n for n in range(failures)]


@pytest.mark.parametrize(
    ("failure", "kind"), [(ERROR_500, ServerError), (LIMITED, RateLimitError), (REFUSED, APIConnectionError)]
)  # fmt: skip
def test_after_the_last_retry_the_failure_is_raised(failure, kind):
    hand = Hand([failure])
    with pytest.raises(kind):
        hand.plain()
    assert hand.sent == 4
    assert len(hand.waits) == 3
    assert all(isinstance(reason, kind) for reason in hand.reasons)


def test_before_each_wait_the_connection_is_given_up():
    hand = Hand([ERROR_500, OK])
    hand.plain()
    assert hand.log == ["fetch", "drop", "wait", "fetch"]


def test_other_failures_are_raised_at_once():
    hand = Hand([ERROR_400])
    with pytest.raises(APIStatusError, match="Field required"):
        hand.plain()
    assert (hand.sent, hand.waits) == (1, [])


def test_a_defect_in_our_own_code_is_not_retried():
    def broken(content: bytes, trace: str | None) -> None:
        raise KeyError("ours")

    hand = Hand([OK])
    with pytest.raises(KeyError, match="ours"):
        hand.plain(broken)
    assert hand.sent == 1


def test_a_broken_body_is_tried_again():
    hand = Hand([Reply(200, [b'{"fi', REFUSED]), OK])
    assert hand.plain() == {"fine": True}
    assert hand.waits == [0.5]


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(200, [b""]), "an empty body"),
        (Reply(204, []), "an empty body"),
        (Reply(200, [b" \n"]), "an empty body"),
        (Reply(200, [b'{"cut":']), "not JSON"),
        (Reply(200, [b"nonsense"]), "not JSON"),
        (Reply(200, [b"\xff\xfe"]), "not JSON"),
        (Reply(200, [b"<html><title>Log in</title></html>"], "text/html"), r"an HTML page \(Log in\)"),
        (Reply(200, [b"<!doctype html><p>x"], "text/html"), "an HTML page"),
    ],
)  # fmt: skip
def test_a_body_of_another_kind_says_which(reply: Reply, says: str):
    hand = Hand([reply])
    with pytest.raises(APIResponseError, match=says) as caught:
        hand.plain()
    assert hand.sent == 1
    assert caught.value.trace_id == TRACE
    assert "/chat/completions" in str(caught.value)


def test_a_body_of_another_shape_says_where():
    def parse(content: bytes, trace: str | None) -> None:
        raise UndocumentedShapeError("`choices` is not a list")

    with pytest.raises(APIResponseError, match="`choices` is not a list") as caught:
        Hand([OK]).plain(parse)
    assert caught.value.body == {"fine": True}
    assert isinstance(caught.value.__cause__, UndocumentedShapeError)


def test_words_of_rate_limiting_under_200_are_tried_again():
    limited = Reply(200, [b'{"code":50603,"message":"Request was rejected due to rate limiting."}'])

    def parse(content, trace):
        if b"code" in content:
            raise UndocumentedShapeError("x")
        return json.loads(content)

    hand = Hand([limited, OK])
    assert hand.plain(parse) == {"fine": True}
    assert hand.waits == [2.0]
    assert isinstance(hand.reasons[0], RateLimitError)


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry-after": "7"}, [7.0]),
        ({"retry-after-ms": "250"}, [0.25]),
        ({"retry-after": "120"}, [120.0]),
    ],
)
def test_a_retry_after_is_waited_for(headers: dict[str, str], waits: list[float]):
    hand = Hand([Reply(429, LIMITED.pieces, headers=headers), OK])
    hand.plain()
    assert hand.waits == waits


def test_too_long_a_retry_after_is_raised():
    hand = Hand([Reply(429, LIMITED.pieces, headers={"retry-after": "3600"}), OK])
    with pytest.raises(RateLimitError) as caught:
        hand.plain()
    assert caught.value.retry_after == 3600
    assert hand.sent == 1


def test_jitter_is_drawn_for_each_wait():
    draws = iter([0.1, 0.5, 0.9])
    hand = Hand([ERROR_500])
    with pytest.raises(ServerError):
        hand.plain(jitter=lambda: next(draws, 0.0))
    assert hand.waits == [pytest.approx(0.05), pytest.approx(0.5), pytest.approx(1.8)]


@pytest.mark.parametrize(
    ("deadline", "seconds_per_try", "tries"),
    [
        (None, 100.0, 4),
        (1000.0, 1.0, 4),
        (0.4, 0.0, 1),  # the first wait of 0.5 s would end after the deadline
        (0.5, 0.0, 1),  # and one that ends right at it is of no use either
        (0.6, 0.0, 2),  # 0.5 s fit, another 1 s do not
        (1.6, 0.0, 3),
        (3.6, 0.0, 4),
        (3.6, 1.0, 3),  # 1 + 0.5 + 1 + 1 s, then another 2 s do not fit
        (1.4, 1.0, 1),
    ],
)
def test_a_wait_that_the_deadline_would_cut_is_not_begun(deadline, seconds_per_try, tries):
    hand = Hand([ERROR_500], seconds_per_try)
    with pytest.raises(ServerError):
        hand.plain(policy=RetryPolicy(3, deadline))
    assert hand.sent == tries
    if deadline is not None:
        assert hand.clock < deadline + seconds_per_try


def test_a_passed_deadline_ends_the_call():
    late = APITimeoutError("x", phase="deadline", limit=1.0)
    hand = Hand([late, OK])
    with pytest.raises(APITimeoutError) as caught:
        hand.plain(policy=RetryPolicy(3, 1.0))
    assert caught.value is late


# --- a stream -------------------------------------------------------------------------------


def test_a_stream_hands_out_each_piece_as_it_comes():
    hand = Hand([HELLO])
    told = hand.stream()
    assert told.text == "Hello"
    assert told.finish_reason == "stop"
    assert hand.log == [
        "send", "read", "emit", "read", "emit", "read", "read", "emit", "finish",
    ]  # fmt: skip


def test_the_last_delta_comes_before_the_connection_is_tidied_up():
    log = Hand([HELLO])
    log.stream()
    assert log.log.index("finish") == len(log.log) - 1


def test_after_done_nothing_more_is_read():
    hand = Hand([events(data(content="a") + DONE + b"data: {broken\n\n", b"data: {more\n\n")])
    told = hand.stream()
    assert told.error is None
    assert told.text == "a"
    assert hand.log.count("read") == 1


@pytest.mark.parametrize("done", [b"data:[DONE]\n\n", b"data: [DONE] \n\n", b"data: [DONE]"])
def test_done_is_known_in_any_dress(done: bytes):
    told = Hand([events(data(content="a"), done)]).stream()
    assert (told.error, told.text) == (None, "a")


def test_a_finish_reason_without_done_is_an_end():
    hand = Hand([events(data(content="a"), data(finish="stop"))])
    told = hand.stream()
    assert (told.error, told.text, told.finish_reason) == (None, "a", "stop")
    assert hand.log[-1] == "finish"


@pytest.mark.parametrize(
    "failure",
    [ERROR_500, LIMITED, REFUSED, events(REFUSED), events(data(), REFUSED), events(),
     events(data(role="assistant", content="")), events(b": ping\n\n", b'data: {"cut'),
     events(b'data: {"code":50505,"message":"Model service overloaded."}\n\n'),
     events(b'data: {"error":{"message":"x","code":"500"}}\n\n')],
    ids=["500", "429", "refused", "broken at once", "broken after an empty chunk", "empty",
         "only a role", "cut in the first event", "code line", "error line"],
)  # fmt: skip
def test_a_stream_is_tried_again_while_nothing_was_handed_out(failure: Reply | Exception):
    hand = Hand([failure, failure, HELLO])
    told = hand.stream()
    assert (told.error, told.text, hand.sent) == (None, "Hello", 3)
    assert len(hand.waits) == 2


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ([REFUSED], StreamInterruptedError),
        ([], StreamInterruptedError),
        ([b'data: {"code":50505,"message":"Model service overloaded."}\n\n'], OverloadedError),
        ([b'data: {"error":{"message":"x","code":"500"}}\n\n'], ServerError),
        ([b'data: {"code":50602,"message":"TPM limit reached. rate limiting"}\n\n'], RateLimitError),
        ([APITimeoutError("x", phase="read")], APITimeoutError),
    ],
)  # fmt: skip
def test_a_stream_is_never_tried_again_once_something_was_handed_out(ending, kind):
    hand = Hand([events(data(content="Hel"), data(reasoning_content="hm"), *ending), HELLO])
    told = hand.stream()
    assert told.error is not None
    assert isinstance(told.error, kind)
    assert told.error.is_retryable
    assert (told.text, hand.sent, hand.waits) == ("Hel", 1, [])
    if isinstance(told.error, APIConnectionError):
        assert (told.error.partial, told.error.partial_reasoning) == ("Hel", "hm")
        assert told.error.trace_id == TRACE


def test_text_in_the_same_piece_as_an_error_is_handed_out_first():
    broken = b'data: {"code":50507,"message":"Request failed: Unknown error."}\n\n'
    hand = Hand([events(data(content="a") + data(content="b") + broken), HELLO])
    told = hand.stream()
    assert told.text == "ab"
    assert isinstance(told.error, ServerError)
    assert hand.sent == 1


def test_a_second_try_starts_afresh():
    """Nothing of the try that failed is left in the answer."""
    first = events(
        b'data: {"id":"old","model":"old","choices":[],"usage":{"prompt_tokens":9}}\n\n', REFUSED
    )
    hand = Hand([first, HELLO])
    told = hand.stream()
    assert (told.id, told.model, told.text) == ("x", "m", "Hello")
    assert told.deltas[-1].usage is None


def test_an_empty_stream_is_asked_again_once():
    empty = events(data(role="assistant", content=""), data(finish="stop"), DONE)
    hand = Hand([empty, HELLO])
    assert hand.stream().text == "Hello"
    assert hand.waits == [0.0]
    hand = Hand([empty])
    told = hand.stream()
    assert type(told.error) is EmptyAnswerError
    assert (hand.sent, told.deltas) == (2, [])
    assert told.error.trace_id == TRACE


def test_an_empty_stream_may_be_right():
    hand = Hand([events(data(content=""), data(finish="stop"), DONE)])
    told = hand.stream(may_be_empty=True)
    assert (told.error, told.text, told.finish_reason) == (None, "", "stop")


def test_an_empty_stream_that_ran_out_of_tokens_is_an_answer_as_it_is_without_streaming():
    hand = Hand([events(data(content=""), data(finish="length"), DONE)])
    told = hand.stream()
    assert (told.error, told.finish_reason) == (None, "length")


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (events(b"data: {broken}\n\n"), "an event is not JSON"),
        (events(b"data: 5\n\n"), "an event is not an object"),
        (events(b'data: ["x"]\n\n'), "an event is not an object"),
        (events(b'data: "x"\n\n'), "an event is not an object"),
        (events(b"data: null\n\n"), "an event is not an object"),
        (events(b'data: {"choices":"x"}\n\n'), "`choices` is not a list"),
        (events(b'data: {"choices":[{"delta":{"content":5}}]}\n\n'), "`content` is not a string"),
        (Reply(200, [b'{"id":"x","choices":[]}']), "a plain body where a stream was asked for"),
        (Reply(200, [b"<html><title>Log in</title>"], "text/html"), r"an HTML page \(Log in\)"),
        (events(b'{"id":"x","choices":[]}'), "not a stream of events"),
        (events(b"<html><title>Log in</title>"), r"an HTML page \(Log in\)"),
        (events(b'{"code":7,"message":"Request failed: Unknown error."}'), "an error object under HTTP 200"),
    ],
)  # fmt: skip
def test_a_stream_of_another_shape_says_so_and_is_not_tried_again(reply: Reply, says: str):
    hand = Hand([reply])
    told = hand.stream()
    assert type(told.error) is APIResponseError
    assert hand.sent == 1
    with pytest.raises(APIResponseError, match=says):
        raise told.error


def test_a_content_type_is_compared_without_its_case():
    reply = Reply(200, HELLO.pieces, "Text/Event-Stream; charset=UTF-8")
    assert Hand([reply]).stream().text == "Hello"


@pytest.mark.parametrize("content_type", ["text/event-stream;charset=utf-8", None])
def test_a_content_type_that_is_a_stream(content_type: str | None):
    hand = Hand([Reply(200, HELLO.pieces, content_type)])
    assert hand.stream().text == "Hello"


@pytest.mark.parametrize(
    ("line", "kind", "status"),
    [
        ('{"code":20012,"message":"Model does not exist."}', "ModelNotFoundError", 400),
        ('{"code":20015,"message":"x","data":null}', "BadRequestError", 400),
        ('{"code":"20015","message":"x"}', "BadRequestError", 400),
        ('{"code":20015,"message":"max_seq_len exceeded"}', "ContextLengthError", 400),
        ('{"code":20021,"message":"x"}', "ContentRejectedError", 451),
        ('{"code":20042,"message":"x"}', "PayloadTooLargeError", 413),
        ('{"code":30001,"message":"x"}', "InsufficientBalanceError", 402),
        ('{"code":30003,"message":"Model disabled."}', "PermissionDeniedError", 403),
        ('{"code":30014,"message":"Token is invalid."}', "AuthenticationError", 401),
        ('{"code":50505,"message":"x"}', "OverloadedError", 503),
        ('{"code":50508,"message":"x"}', "OverloadedError", 503),
        ('{"code":50501,"message":"x"}', "GatewayTimeoutError", 504),
        ('{"code":50602,"message":"x"}', "RateLimitError", 429),
        ('{"code":50507,"message":"x"}', "ServerError", 500),
        ('{"code":60000,"message":"x"}', "ServerError", 500),
        ('{"message":"x"}', "ServerError", 500),
        ('{"code":50507}', "ServerError", 500),
        ('{"error":"x"}', "ServerError", 500),
        ('{"error":{"message":"x"}}', "ServerError", 500),
        ('{"error":{"message":"x","code":400}}', "BadRequestError", 400),
        ('{"error":{"message":"x","code":"429"}}', "RateLimitError", 429),
        ('{"error":{"message":"x","code":"server_error"}}', "ServerError", 500),
        ('{"error":{"message":"maximum context length is 5"}}', "ContextLengthError", 400),
        ('{"id":"x","choices":[],"error":{"message":"x","code":503}}', "OverloadedError", 503),
        ('{"object":"error","message":"x","type":"y","code":400}', "BadRequestError", 400),
    ],
)
def test_an_error_line_is_the_error_it_describes(line: str, kind: str, status: int):
    told = Hand([events(data(content="a"), f"data: {line}\n\n".encode())]).stream()
    assert isinstance(told.error, APIStatusError)
    assert type(told.error).__name__ == kind
    assert told.error.status_code == status
    assert told.error.trace_id == TRACE
    assert told.error.body == json.loads(line)


def test_an_error_line_in_the_middle_of_a_retryable_stream_is_final_when_it_is_a_400():
    line = b'data: {"code":20015,"message":"max_seq_len"}\n\n'
    hand = Hand([events(line), HELLO])
    assert isinstance(hand.stream().error, ContextLengthError)
    assert hand.sent == 1


@pytest.mark.parametrize(
    "quiet", [b'data: {"id":"x","choices":[],"error":null}\n\n', b'data: {"id":"x","code":null}\n\n',
              b'data: {"usage":{"prompt_tokens":1}}\n\n', b"data: {}\n\n"]
)  # fmt: skip
def test_lines_that_are_no_errors_are_no_errors(quiet: bytes):
    told = Hand([events(quiet, *HELLO.pieces)]).stream()
    assert (told.error, told.text) == (None, "Hello")


def test_an_event_of_nothing_is_skipped():
    told = Hand([events(b"data:\n\n", *HELLO.pieces)]).stream()
    assert (told.error, told.text) == (None, "Hello")


def test_what_caused_the_end_is_kept():
    cause = ConnectionResetError("reset")
    failure = APIConnectionError("Connection error: reset")
    failure.__cause__ = cause
    told = Hand([events(data(content="a"), failure)]).stream()
    assert isinstance(told.error, StreamInterruptedError)
    assert told.error.__cause__ is failure


whole = b"".join(p for p in HELLO.pieces if isinstance(p, bytes))


@given(st.lists(st.integers(0, len(whole)), max_size=6), st.integers(0, len(whole)))
def test_a_stream_cut_anywhere_gives_all_its_text_or_an_error_with_what_came(
    cuts: list[int], end: int
):
    # Fewer bytes than "data:" cannot be told from an answer that is no stream.
    assume(end == 0 or end >= len(b"data:"))
    edges = [0, *sorted(min(cut, end) for cut in cuts), end]
    pieces = [whole[a:b] for a, b in itertools.pairwise(edges)]
    told = Hand([events(*pieces)]).stream(policy=RetryPolicy(max_retries=0))
    assert "Hello".startswith(told.text)
    if told.error is None:
        assert (told.text, told.finish_reason) == ("Hello", "stop")
    else:
        assert isinstance(told.error, StreamInterruptedError)
        assert told.error.partial.startswith(told.text)


@given(
    st.lists(st.sampled_from([ERROR_500, LIMITED, REFUSED, ERROR_400, OK]), min_size=1, max_size=7),
    st.integers(0, 5),
)
def test_tries_never_exceed_the_policy(replies: list[Reply | Exception], max_retries: int):
    hand = Hand(replies)
    with contextlib.suppress(SiliconFlowError):
        assert hand.plain(policy=RetryPolicy(max_retries)) == {"fine": True}
    final = hand.replies[min(hand.sent, len(replies)) - 1]
    assert final in (OK, ERROR_400) or hand.sent == max_retries + 1
    assert hand.sent <= max_retries + 1
    assert len(hand.waits) == hand.sent - 1
