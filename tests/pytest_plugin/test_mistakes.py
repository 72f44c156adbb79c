"""What goes wrong in tests themselves: it fails them, and says what it was."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.test_rules import APP

pytest_plugins = ["pytester"]

RECORD = "--siliconflow-record"
MARKED = "import pytest\nfrom siliconflow_client import SiliconFlowClient\n"


def embedding(text: str, indent: str = "    ") -> str:
    return (
        f"{indent}with SiliconFlowClient() as client:\n"
        f"{indent}    client.embed(model='BAAI/bge-m3', input=[{text}])\n"
    )


@pytest.mark.parametrize("settings", ["", "**siliconflow.settings()"])
@pytest.mark.parametrize(
    "rule", ["when(lambda call: call.nothing).says('a')", "when().answers(lambda call: 1 / 0)"]
)
def test_a_function_of_the_test_that_raises_fails_it_though_the_app_swallows_that(
    run, rule, settings
):
    done = run(
        APP
        + f"""
    def test_it(siliconflow):
        siliconflow.{rule}
        try:
            ask("A secret question", {settings})
        except Exception:
            pass
    """
    )
    done.assert_outcomes(failed=1)
    name = "AttributeError" if "nothing" in rule else "ZeroDivisionError"
    done.stdout.fnmatch_lines([f"*Answering raised {name} at *.py:17.*"])
    assert "secret" not in "\n".join(done.outlines)


def test_a_line_of_a_batch_that_no_rule_fits_fails_the_test(run):
    done = run(
        """
    import json
    from siliconflow_client import SiliconFlowClient

    def test_it(siliconflow):
        siliconflow.when("weather").says("Sunny.")
        body = {"model": "Qwen/Qwen3-8B", "messages": [{"role": "user", "content": "Hi"}]}
        line = {
            "custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": body
        }
        with SiliconFlowClient() as client:
            file = client.files.create(file=json.dumps(line).encode())
            batch = client.batches.create(input_file_id=file.id)
            while not batch.has_ended:
                batch = client.batches.retrieve(batch.id)
    """
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*No rule answers this request. when('weather')*"])


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("strickt=True", "*siliconflow: there is no setting 'strickt'; there are *strict*"),
        ("'answers.json'", "*siliconflow: settings are keywords, as in cassette='name.json'*"),
    ],
)
def test_a_marker_that_is_misspelt_is_told(run, marker, told):
    done = run(MARKED + f"@pytest.mark.siliconflow({marker})\ndef test_it(siliconflow): pass\n")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([told])


# --- cassettes --------------------------------------------------------------------------------


def test_tests_of_one_name_have_cassettes_of_their_own(run, pytester):
    done = run(
        MARKED
        + "pytestmark = pytest.mark.siliconflow(recorded=True)\n"
        + "@pytest.mark.parametrize('text', ['a/b', 'a b', 'x' * 300], ids=str)\n"
        + f"def test_it(siliconflow, text):\n{embedding('text')}"
        + "".join(
            f"class Test{name}:\n    def test_it(self, siliconflow):\n"
            + embedding(repr(name), " " * 8)
            for name in "AB"
        ),
        RECORD,
    )
    done.assert_outcomes(passed=5)
    run("").assert_outcomes(passed=5)
    written = {path.name for path in pytester.path.rglob("cassettes/*/*.json")}
    assert {"TestA.test_it.json", "TestB.test_it.json"} < written
    assert max(len(name.encode()) for name in written) <= 120


def test_one_cassette_for_two_tests_is_told_when_it_is_recorded(run):
    test = "def test_{0}(siliconflow):\n" + embedding("'{0}'")
    source = MARKED + "pytestmark = pytest.mark.siliconflow(cassette='one.json')\n"
    done = run(source + test.format("a") + test.format("b"), RECORD)
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*one.json is recorded by *::test_a already; give each test *"])


@pytest.mark.parametrize(
    "content", [b"<<<<<<< HEAD\n", b'{"interactions": [{"request": 1}]}', b"\xff\xfe", b"[]"]
)
def test_a_damaged_cassette_is_told_with_the_command(run, pytester, content):
    (pytester.path / "bad.json").write_bytes(content)
    done = run(
        MARKED + f"@pytest.mark.siliconflow(cassette='bad.json')\n"
        f"def test_it(siliconflow):\n{embedding('1')}"
    )
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["bad.json is no cassette*pytest --siliconflow-record*"])
    assert "Traceback" not in "\n".join(done.outlines)


def test_a_cassette_that_cannot_be_written_is_told(run, pytester):
    (pytester.path / "taken").write_text("a file")
    done = run(
        MARKED + "@pytest.mark.siliconflow(cassette='taken/one.json')\n"
        f"def test_it(siliconflow):\n{embedding(repr('a'))}",
        RECORD,
    )
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["The cassette one.json cannot be written: File exists."])
    assert "During handling" not in "\n".join(done.outlines)


def test_files_that_an_answer_names_are_replayed_at_another_port_too(run, pytester):
    done = run(
        MARKED
        + """
import httpx

@pytest.mark.siliconflow(cassette="one.json")
def test_it(siliconflow):
    with SiliconFlowClient() as client:
        drawn = client.images.generate(model="Kwai-Kolors/Kolors", prompt="A cat")
        url = drawn.images[0].url
        assert url.startswith(siliconflow.base_url.removesuffix("v1"))
        assert httpx.get(url).content.startswith(b"\\x89PNG")
        client.images.generate(model="Qwen/Qwen-Image-Edit", prompt="Blue", image=url)
""",
        RECORD,
    )
    done.assert_outcomes(passed=1)
    stored = (pytester.path / "one.json").read_text()
    assert '"http://127.0.0.1:0/outputs/' in stored
    run("").assert_outcomes(passed=1)
