"""Chat answers: from the prompt, the same every time, within the limits asked for."""

from __future__ import annotations

import pytest

from siliconflow_simulator import Simulator
from tests.simulator.asking import ask, body_of, choice_of, text_of

PASSAGES = (
    "gzip.open(filename, mode='rb') opens a gzip-compressed file. "
    "The gzip module compresses and decompresses files. "
    "zipfile reads ZIP archives. Cats sleep sixteen hours a day."
)
TEMPLATE = (
    "Context information is below.\n---------------------\n{}\n---------------------\n"
    "Given the context information and not prior knowledge, answer the query.\n"
    "Query: {}\nAnswer: "
)


@pytest.mark.parametrize(
    "turns",
    [
        (TEMPLATE.format(PASSAGES, "How long do cats sleep?"),),
        (
            {"role": "system", "content": f"Use this context:\n{PASSAGES}"},
            "How long do cats sleep?",
        ),
        (PASSAGES, {"role": "assistant", "content": "Noted."}, "How long do cats sleep?"),
        (f"{PASSAGES}\n\nQuestion: How long do cats sleep?",),
    ],
)
def test_the_answer_is_a_sentence_of_the_prompt(turns) -> None:
    assert text_of(ask(*turns)) == "Cats sleep sixteen hours a day."


def test_a_question_may_be_answered_by_several_sentences() -> None:
    answer = text_of(ask(TEMPLATE.format(PASSAGES, "How do I compress a file with gzip?")))
    assert "gzip" in answer
    assert "Cats" not in answer
    assert "---" not in answer


def test_an_answer_of_long_sentences_stays_short() -> None:
    sentence = "Cats sleep sixteen hours a day " + "because they like to sleep " * 15
    text = text_of(ask(f"{sentence}one. {sentence}two.\n\nHow long do cats sleep?"))
    assert text == f"{sentence}one."


def test_chinese_questions_are_answered_from_chinese_passages() -> None:
    context = "硅基流动提供大模型云服务。它成立于2023年。猫每天睡十六个小时。"
    assert text_of(ask(f"上下文：{context}\n问题：猫每天睡多久？")) == "猫每天睡十六个小时。"


def test_lines_that_a_margin_broke_are_one_sentence() -> None:
    context = "The copytree function copies a directory tree recursively and then\nreturns the destination."
    answer = text_of(ask(TEMPLATE.format(context, "What does copytree copy?")))
    assert answer == context.replace("\n", " ")


def test_prose_comes_before_pieces_of_a_program() -> None:
    code = "parser = ArgumentParser(description='parse the command line arguments')\nparser.add_argument("
    prose = "The argparse module parses the arguments of the command line."
    question = "How do I parse command line arguments?"
    assert text_of(ask(TEMPLATE.format(f"{code}\n\n{prose}", question))) == prose
    assert "ArgumentParser(" in text_of(ask(TEMPLATE.format(code, question)))


def test_what_does_not_end_like_a_sentence_keeps_its_line() -> None:
    context = "gzip.compress(data)\ngzip.decompress(data)"
    answer = text_of(ask(TEMPLATE.format(context, "What is in gzip?")))
    assert answer == context


def test_what_the_user_said_earlier_is_remembered() -> None:
    turns = ("My name is Bob.", {"role": "assistant", "content": "Hello!"}, "What is my name?")
    assert text_of(ask(*turns)) == "My name is Bob."


@pytest.mark.parametrize(
    "text", ["Hello", "hi", "how are you", "你好", "谢谢", "Thanks!", "?", "…"]
)
def test_there_is_always_an_answer(text) -> None:
    assert text_of(ask(text))


def test_not_knowing_is_said_and_not_repeated_as_an_answer() -> None:
    first = text_of(ask("Why is the sky blue?"))
    assert "Why is the sky blue?" in first
    turns = ("Why is the sky blue?", {"role": "assistant", "content": first}, "Is the sky blue?")
    assert "Is the sky blue?" in text_of(ask(*turns))


def test_a_summary_takes_the_first_sentences() -> None:
    answer = text_of(ask(f"Summarize the following text.\n\n{PASSAGES}"))
    assert answer.startswith("gzip.open")


def test_the_same_request_has_the_same_answer_and_ids() -> None:
    assert ask("Hello").content() == ask("Hello").content()
    assert body_of(ask("Hello"))["id"] != body_of(ask("Hello!"))["id"]


@pytest.mark.parametrize(
    ("model", "prefix", "digits"),
    [("Qwen/Qwen3-8B", "", 32), ("Qwen/Qwen3.5-4B", "chatcmpl-", 32)],
)
def test_ids_have_the_form_of_the_models_family(model, prefix, digits) -> None:
    id = body_of(ask("Hello", model=model))["id"]
    assert id.startswith(prefix)
    assert len(id.removeprefix(prefix)) == digits
    int(id.removeprefix(prefix), 16)


def test_the_model_asked_for_comes_back() -> None:
    assert body_of(ask("Hello", model="Pro/zai-org/GLM-5"))["model"] == "Pro/zai-org/GLM-5"


def test_further_answers() -> None:
    body = body_of(ask("Hello", n=3))
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2]
    assert (
        body["usage"]["completion_tokens"]
        == 3 * body_of(ask("Hello"))["usage"]["completion_tokens"]
    )


# --- limits ---------------------------------------------------------------------------------


def test_max_tokens_cuts_the_text() -> None:
    whole = text_of(ask("Hello"))
    choice = choice_of(ask("Hello", max_tokens=2))
    assert choice["finish_reason"] == "length"
    assert whole.startswith(choice["message"]["content"])
    assert body_of(ask("Hello", max_tokens=2))["usage"]["completion_tokens"] == 2
    assert choice_of(ask("Hello", max_tokens=1000))["finish_reason"] == "stop"


@pytest.mark.parametrize("stop", ["help", ["nowhere", "help"]])
def test_stop_ends_the_text_before_the_sequence(stop) -> None:
    choice = choice_of(ask("Hello", stop=stop))
    assert choice["message"]["content"] == "Hello! How can I "
    assert choice["finish_reason"] == "stop"


def test_usage_adds_up() -> None:
    usage = body_of(ask("Hello", simulator=Simulator(cached_share=0.5)))["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    hit, miss = usage["prompt_cache_hit_tokens"], usage["prompt_cache_miss_tokens"]
    assert hit + miss == usage["prompt_tokens"]
    assert hit == usage["prompt_tokens_details"]["cached_tokens"] > 0


# --- thinking -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "fields", "thinks"),
    [
        ("deepseek-ai/DeepSeek-V3.2", {}, False),
        ("deepseek-ai/DeepSeek-V3.2", {"enable_thinking": True}, True),
        ("Qwen/Qwen3-8B", {}, True),
        ("Qwen/Qwen3-8B", {"enable_thinking": False}, False),
        ("deepseek-ai/DeepSeek-R1", {}, True),
        ("moonshotai/Kimi-K2.6", {"enable_thinking": False}, True),
        ("Qwen/Qwen2.5-72B-Instruct", {"enable_thinking": True}, False),
    ],
)
def test_a_model_thinks_when_it_should(model, fields, thinks) -> None:
    body = body_of(ask("Why is the sky blue?", model=model, **fields))
    message = body["choices"][0]["message"]
    assert ("reasoning_content" in message) is thinks
    assert (body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0) is thinks
    if thinks:
        assert "Why is the sky blue?" in message["reasoning_content"]
    assert message["content"]


def test_thoughts_are_in_the_language_of_the_question() -> None:
    message = choice_of(ask("天空为什么是蓝色的？", enable_thinking=True))["message"]
    assert message["reasoning_content"].startswith("用户问：“天空为什么是蓝色的？”")
    assert message["content"] == "这段对话里没有能回答“天空为什么是蓝色的？”的内容。"


def test_an_image_is_acknowledged_and_not_described() -> None:
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    text = {"type": "text", "text": "What is in this picture?"}
    turn = {"role": "user", "content": [part, text]}
    assert "cannot see" in text_of(ask(turn, model="Qwen/Qwen3-VL-8B-Instruct"))


def test_the_budget_cuts_the_reasoning_and_not_the_answer() -> None:
    # A long question makes for long thoughts; 128 is the least that the vendor documents.
    question = "天空为什么是蓝色的" * 20 + "？"
    whole = body_of(ask(question, model="Qwen/Qwen3-8B"))
    cut = body_of(ask(question, model="Qwen/Qwen3-8B", thinking_budget=128))
    used = [body["usage"]["completion_tokens_details"]["reasoning_tokens"] for body in (whole, cut)]
    assert used[0] > used[1] == 128
    messages = [body["choices"][0]["message"] for body in (whole, cut)]
    assert messages[0]["reasoning_content"].startswith(messages[1]["reasoning_content"])
    assert messages[0]["content"] == messages[1]["content"]


def test_max_tokens_covers_the_reasoning_where_that_was_measured() -> None:
    covered = choice_of(ask("Hello", model="Qwen/Qwen3.5-4B", max_tokens=5))
    assert covered["finish_reason"] == "length"
    assert covered["message"]["content"] == ""
    exempt = choice_of(ask("Hello", model="Qwen/Qwen3-8B", max_tokens=50))
    assert exempt["finish_reason"] == "stop"


# --- fill in the middle -----------------------------------------------------------------------


def test_fill_in_the_middle() -> None:
    choice = choice_of(
        ask(
            "Complete the code.",
            model="Qwen/Qwen2.5-Coder-7B-Instruct",
            prefix="def add(a, b):\n    return ",
            suffix="\n\nprint(add(1, 2))",
        )
    )
    assert choice["message"]["content"] == "a + b"
