"""The fixture `siliconflow` as a test of a user's app meets it."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

# Imported here, so that the runs inside do not import the frameworks again and again.
import langchain_siliconflow.chat_models  # noqa: F401
import llama_index_siliconflow.llm  # noqa: F401
from tests.conftest import ROOT

pytest_plugins = ["pytester"]

APP = """
    import os

    from siliconflow_client import SiliconFlowClient, SiliconFlowError

    def ask(text, **settings):
        with SiliconFlowClient(max_retries=0, **settings) as client:
            messages = [{"role": "user", "content": text}]
            return client.chat(model="Qwen/Qwen3-8B", messages=messages).text

    def careless(text):
        try:
            return ask(text)
        except SiliconFlowError:
            return ""
"""


def test_a_rule_answers_over_the_socket_and_in_process(run):
    done = run(
        APP
        + """
    def test_it(siliconflow):
        siliconflow.when("weather").says("Sunny.")
        assert os.environ["SILICONFLOW_API_KEY"] == siliconflow.api_key
        assert os.environ["SILICONFLOW_BASE_URL"] == siliconflow.base_url
        assert ask("What is the weather?") == "Sunny."
        assert ask("And the weather now?", **siliconflow.settings()) == "Sunny."
        first, second = siliconflow.requests
        assert first.body["messages"] == [{"role": "user", "content": "What is the weather?"}]
        assert "authorization" not in first.headers
        assert second.path == "/v1/chat/completions"
    """
    )
    done.assert_outcomes(passed=1)


def test_the_environment_is_as_before_when_the_test_is_over(run):
    done = run(
        """
    import os

    def test_with(siliconflow):
        assert "SILICONFLOW_API_KEY" in os.environ

    def test_without():
        assert "SILICONFLOW_API_KEY" not in os.environ
        assert "SILICONFLOW_BASE_URL" not in os.environ
    """
    )
    done.assert_outcomes(passed=2)


@pytest.mark.parametrize("call", ["ask", "careless"])
def test_a_request_without_a_rule_fails_the_test_and_shows_the_nearest(run, call):
    done = run(
        APP
        + f"""
    def test_it(siliconflow):
        siliconflow.when("train").says("At nine.")
        siliconflow.when("weather in Paris").says("Sunny.")
        {call}("What is the weather in London? sk-abcdefghijkl")
    """
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*when('weather in Paris'), the nearest of 2, does not fit*"])
    assert "sk-abcdefghijkl? " not in done.stdout.str()


def test_without_any_rule_nothing_is_made_up(run):
    done = run(APP + '\n    def test_it(siliconflow):\n        careless("Hi")\n')
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*There is no rule to answer this request.*"])


def test_what_goes_wrong_after_the_test_is_an_error_of_its_end(run):
    done = run(
        APP
        + """
    import pytest

    @pytest.fixture
    def app(siliconflow):
        yield
        careless("Bye")

    def test_it(app):
        pass
    """
    )
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*There is no rule to answer this request.*"])


def test_a_failed_request_may_be_the_point_of_a_test(run):
    done = run(
        APP
        + """
    import pytest

    @pytest.mark.siliconflow(strict=False)
    def test_it(siliconflow):
        assert careless("Hi") == ""
        assert siliconflow.unmatched == ["There is no rule to answer this request."]
    """
    )
    done.assert_outcomes(passed=1)


def test_the_marker_hands_settings_to_the_simulator_the_nearest_first(run):
    done = run(
        APP
        + """
    import pytest

    pytestmark = pytest.mark.siliconflow(answers=None, any_model=True)

    def test_answers_from_the_prompt(siliconflow):
        text = "Bread rises because yeast makes gas. Why does bread rise?"
        assert "yeast" in ask(text)

    @pytest.mark.siliconflow(answers=["One.", "Two."])
    def test_answers_in_turn(siliconflow):
        assert [ask("Hi"), ask("Hi")] == ["One.", "Two."]
    """
    )
    done.assert_outcomes(passed=2)


def test_faults_are_ordered_for_the_next_requests(run):
    done = run(
        APP
        + """
    import pytest
    from siliconflow_client import ConfigurationError, OverloadedError

    def test_it(siliconflow):
        siliconflow.when().says("Fine.")
        siliconflow.order("503", "", "429-retry-after=0")
        with pytest.raises(OverloadedError):
            ask("Hi")
        assert ask("Hi") == "Fine."
        with SiliconFlowClient(max_retries=1) as client:
            messages = [{"role": "user", "content": "Hi"}]
            assert client.chat(model="Qwen/Qwen3-8B", messages=messages).text == "Fine."
        assert len(siliconflow.requests) == 4
        with pytest.raises(ConfigurationError):
            siliconflow.order("503", "explode")
    """
    )
    done.assert_outcomes(passed=1)


def test_latency_takes_no_time_and_counts(run):
    done = run(
        APP
        + """
    import pytest
    from siliconflow_client import APITimeoutError

    def test_it(siliconflow):
        siliconflow.when().says("At last.")
        siliconflow.latency = 200.0
        assert ask("Hi", **siliconflow.settings()) == "At last."
        assert ask("Hi") == "At last."
        assert siliconflow.elapsed == 400.0
        with pytest.raises(APITimeoutError):
            ask("Hi", timeout=5, **siliconflow.settings())
        assert siliconflow.elapsed == 405.0

    @pytest.mark.parametrize("fault", ["", "cut-stream=0"])
    def test_streams(siliconflow, fault):
        siliconflow.when().says("At ", "last.")
        siliconflow.latency = 200.0
        siliconflow.order(fault)
        with SiliconFlowClient(max_retries=0, **siliconflow.settings()) as client:
            messages = [{"role": "user", "content": "Hi"}]
            with client.stream_chat(model="Qwen/Qwen3-8B", messages=messages) as stream:
                if fault:
                    with pytest.raises(SiliconFlowError):
                        list(stream)
                else:
                    assert "".join(delta.text for delta in stream) == "At last."
        assert siliconflow.elapsed == 200.0
    """
    )
    done.assert_outcomes(passed=3)


def test_a_stalled_answer_ends_with_the_test(run):
    done = run(
        """
    import json
    import os
    import socket
    from urllib.parse import urlsplit

    def test_it(siliconflow):
        siliconflow.when().fails("stall=1")
        url = urlsplit(os.environ["SILICONFLOW_BASE_URL"])
        body = json.dumps({"model": "Qwen/Qwen3-8B", "stream": True,
                           "messages": [{"role": "user", "content": "Hi"}]}).encode()
        left_open = socket.create_connection((url.hostname, url.port))
        left_open.sendall(b"POST /v1/chat/completions HTTP/1.1\\r\\nAuthorization: Bearer sk-x\\r\\n"
                          b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
        with left_open.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 200 OK\\r\\n"
            while not answer.readline().startswith(b"data: "):
                pass
        left_open.close()
    """
    )
    done.assert_outcomes(passed=1)


def test_both_frameworks_sync_and_async(run):
    done = run(
        """
    import asyncio
    import pytest
    from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings
    from llama_index_siliconflow import SiliconFlow

    def get_weather(city: str) -> str:
        '''Tell the weather.'''
        return f"Sunny in {city}."

    @pytest.fixture(params=["socket", "in process"])
    def settings(request, siliconflow):
        siliconflow.when("weather").calls("get_weather", city="Paris").then.says("Sunny.")
        siliconflow.when("hello").says("Hi!")
        return {} if request.param == "socket" else siliconflow.settings()

    def test_langchain(settings):
        model = ChatSiliconFlow(**settings).bind_tools([get_weather])
        assert model.invoke("weather?").tool_calls[0]["args"] == {"city": "Paris"}
        assert "".join(chunk.text for chunk in model.stream("hello")) == "Hi!"
        assert len(SiliconFlowEmbeddings(**settings).embed_query("a")) == 1024

    async def test_langchain_async(settings):
        model = ChatSiliconFlow(**settings)
        assert (await model.ainvoke("hello")).text == "Hi!"
        assert "".join([chunk.text async for chunk in model.astream("hello")]) == "Hi!"

    def test_llama_index(settings):
        assert SiliconFlow(**settings).complete("hello").text == "Hi!"

    async def test_llama_index_async(settings):
        model = SiliconFlow(**settings)
        assert (await model.acomplete("hello")).text == "Hi!"
    """
    )
    done.assert_outcomes(passed=8)


def test_an_agent_finishes_a_conversation_that_is_written_in_one_rule(run):
    done = run(
        """
    from langchain.agents import create_agent
    from langchain_siliconflow import ChatSiliconFlow

    def get_weather(city: str) -> str:
        '''Tell the weather.'''
        return f"Sunny in {city}."

    def test_it(siliconflow):
        siliconflow.when("weather").calls("get_weather", city="Paris").then.says("Sunny.")
        agent = create_agent(ChatSiliconFlow(), tools=[get_weather])
        state = agent.invoke({"messages": [("user", "What is the weather in Paris?")]})
        assert [m.text for m in state["messages"]][-2:] == ["Sunny in Paris.", "Sunny."]
        assert siliconflow.requests[-1].body["messages"][-1]["content"] == "Sunny in Paris."
    """
    )
    done.assert_outcomes(passed=1)


def test_the_entry_point_leads_to_the_plugin():
    with (ROOT / "pyproject.toml").open("rb") as file:
        declared = tomllib.load(file)["project"]["entry-points"]["pytest11"]
    assert declared == {"siliconflow": "siliconflow_simulator.pytest_plugin"}


def test_loading_the_plugin_imports_nothing_else():
    code = (
        "import sys, pytest; before = set(sys.modules);"
        "import siliconflow_simulator.pytest_plugin;"
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['siliconflow_simulator', 'siliconflow_simulator.pytest_plugin']\n"
