"""Answers that are recorded once and replayed: into the format of our own cassettes."""

from __future__ import annotations

import json

import pytest

from tests.double import Double

pytest_plugins = ["pytester"]

TEST = """
    import pytest
    from siliconflow_client import SiliconFlowClient

    @pytest.mark.siliconflow(recorded=True)
    def test_it(siliconflow):
        with SiliconFlowClient() as client:
            messages = [{"role": "user", "content": "QUESTION"}]
            answer = client.chat(model="Qwen/Qwen3-8B", messages=messages, max_tokens=100)
            with client.stream_chat(model="Qwen/Qwen3-8B", messages=messages) as stream:
                streamed = "".join(delta.text for delta in stream)
        assert answer.text and streamed
        print("answered:", answer.text)
"""
ASKED = TEST.replace("QUESTION", "Ice floats on water. What floats on water?")
RECORD = "--siliconflow-record"


def cassette(pytester: pytest.Pytester) -> str:
    [path] = pytester.path.rglob("cassettes/*/*.json")
    assert path.name == "test_it.json"
    return path.read_text()


def test_without_a_key_the_simulator_is_recorded_and_replayed(run, pytester):
    run(ASKED, RECORD).assert_outcomes(passed=1)
    stored = json.loads(cassette(pytester))
    assert stored["provenance"].startswith("simulator ")
    urls = [one["request"]["url"] for one in stored["interactions"]]
    assert urls == ["https://api.siliconflow.cn/v1/chat/completions"] * 2
    assert stored["interactions"][1]["response"]["body"]["lines"][-3] == "data: [DONE]"
    done = run("", "-s")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*answered: Ice floats on water.*"])


def test_with_a_key_the_api_is_recorded_and_the_key_is_not(run, pytester, monkeypatch):
    key = "sk-very-secret-indeed"
    with Double(f"Your key is {key}.") as server:
        monkeypatch.setenv("SILICONFLOW_API_KEY", key)
        monkeypatch.setenv("SILICONFLOW_BASE_URL", server.url)
        run(ASKED, RECORD).assert_outcomes(passed=1)
        assert [asked.headers["authorization"] for asked in server.requests] == [
            f"Bearer {key}"
        ] * 2
    text = cassette(pytester)
    assert json.loads(text)["provenance"].startswith("live 20")
    assert key not in text
    assert "Your key is [key]." in text
    assert "127.0.0.1" not in text
    run("").assert_outcomes(passed=1)


def test_another_question_fails_and_names_the_place_without_the_text(run, pytester):
    run(ASKED, RECORD).assert_outcomes(passed=1)
    done = run(ASKED.replace("Ice floats", "Iron swims"))
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*the nearest of 2 differs in: messages[[]0[]].content.*"])


def test_what_is_stored_and_not_asked_for_is_stale(run, pytester):
    run(ASKED, RECORD).assert_outcomes(passed=1)
    done = run(
        """
    import pytest

    @pytest.mark.siliconflow(recorded=True)
    def test_it(siliconflow):
        pass
    """
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*Stored but not asked for: POST /chat/completions*"])


def test_a_test_that_fails_leaves_the_old_cassette(run, pytester):
    run(ASKED, RECORD).assert_outcomes(passed=1)
    before = cassette(pytester)
    wrong = ASKED.replace("What floats", "Why floats").replace("and streamed", "and not streamed")
    run(wrong, RECORD).assert_outcomes(failed=1)
    assert cassette(pytester) == before


def test_a_missing_cassette_is_told_with_the_command(run):
    done = run(ASKED)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*There is no cassette test_it.json*--siliconflow-record*"])


def test_a_cassette_may_have_a_name_of_its_own(run, pytester):
    named = ASKED.replace("recorded=True", 'cassette="answers/ice.json"')
    run(named, RECORD).assert_outcomes(passed=1)
    assert json.loads((pytester.path / "answers/ice.json").read_text())["interactions"]
    run("").assert_outcomes(passed=1)


def test_forms_and_vectors_are_replayed_too(run):
    source = """
    import pytest
    from siliconflow_client import SiliconFlowClient

    @pytest.mark.siliconflow(recorded=True)
    def test_it(siliconflow, tmp_path):
        sound = tmp_path / "a.wav"
        sound.write_bytes(b"RIFF" + bytes(range(256)))
        with SiliconFlowClient() as client:
            assert len(client.embed(model="BAAI/bge-m3", input=["a", "b"]).vectors) == 2
            heard = client.audio.transcriptions.create(
                model="FunAudioLLM/SenseVoiceSmall", file=sound)
            assert client.models(type="text")
        assert heard.text
    """
    run(source, RECORD).assert_outcomes(passed=1)
    run("").assert_outcomes(passed=1)
