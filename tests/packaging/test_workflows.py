"""The workflow files: whole YAML, commands that exist, no right that is not needed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.packaging.repository import content

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
TEMPLATES = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))
TARGETS = set(re.findall(r"^([\w-]+):", content(ROOT / "Makefile"), re.MULTILINE))

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def read(path: Path) -> dict[Any, Any]:
    found = yaml.safe_load(content(path))
    assert isinstance(found, dict)
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


@each_workflow
def test_every_command_of_make_that_it_names_exists(path: Path):
    named = set(re.findall(r"\bmake ([a-z][\w-]*)", content(path)))
    assert named <= TARGETS
    assert named or any("uses" in step for step in steps(path))


@each_workflow
def test_it_may_read_and_no_more_and_ends_by_itself(path: Path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 360
        assert set(job.get("permissions", {})) <= {"id-token", "contents", "issues"}


@each_workflow
def test_what_comes_from_outside_is_never_part_of_a_command(path: Path):
    """An expression inside `run` is put into the script before the shell reads it."""
    for step in steps(path):
        assert "${{" not in step.get("run", "")
        assert bool(step.get("uses")) != bool(step.get("run"))


def test_the_tests_run_on_every_python_that_the_package_names():
    with (ROOT / "pyproject.toml").open("rb") as file:
        named = tomllib.load(file)["project"]["classifiers"]
    versions = [one.rpartition(" ")[2] for one in named if re.search(r"Python :: 3\.\d+$", one)]
    matrix = read(GITHUB / "workflows" / "test.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == versions


def test_everything_that_has_to_pass_runs_before_a_merge():
    gate = set(re.findall(r"^make ([\w-]+)", content(ROOT / ".ci" / "run"), re.MULTILINE))
    before = {
        command
        for name in ("lint", "test")
        for step in steps(GITHUB / "workflows" / f"{name}.yml")
        for command in re.findall(r"^make ([\w-]+)", step.get("run", ""))
    }
    assert gate
    assert gate <= before


def test_what_runs_by_night_is_the_same_in_the_makefile_and_in_the_workflow():
    (line,) = re.findall(r"^nightly: (.*)$", content(ROOT / "Makefile"), re.MULTILINE)
    workflow = GITHUB / "workflows" / "nightly.yml"
    matrix = read(workflow)["jobs"]["others"]["strategy"]["matrix"]["target"]
    named = re.findall(r"\bmake ([a-z][\w-]*)", content(workflow))
    assert sorted(line.partition(" $")[0].split()) == sorted([*matrix, *named])


@pytest.mark.parametrize("name", ["live"])
def test_a_live_run_asks_for_its_secret_first_and_stops_without(name: str):
    first, *others = steps(GITHUB / "workflows" / f"{name}.yml")
    assert "SILICONFLOW_API_KEY" in first["env"]
    assert all("steps.key.outputs.there == 'yes'" in step["if"] for step in others)


def test_the_live_api_is_asked_by_night_and_the_shapes_of_its_answers_are_compared():
    path = GITHUB / "workflows" / "live.yml"
    assert read(path)[True]["schedule"]  # YAML takes the word `on` for true
    commands = [step.get("run", "") for step in steps(path)]
    asked, kept, recorded, compared = (
        next(number for number, command in enumerate(commands) if word in command)
        for word in ("make live", "cp -r cassettes", "make record", "tests.live.shapes")
    )
    assert asked < kept < recorded < compared


def test_publishing_needs_no_token():
    jobs = read(GITHUB / "workflows" / "release.yml")["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["needs"] == "build"
    assert "permissions" not in jobs["build"]
    assert "secrets." not in content(GITHUB / "workflows" / "release.yml")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_an_issue_template_is_one(path: Path):
    template = read(path)
    if path.stem == "config":
        assert set(template) == {"blank_issues_enabled", "contact_links"}
        return
    assert {"name", "description", "body"} <= set(template)
    kinds = {"textarea", "input", "dropdown", "markdown", "checkboxes"}
    assert {part["type"] for part in template["body"]} <= kinds
    named = [part["id"] for part in template["body"] if part["type"] != "markdown"]
    assert len(set(named)) == len(named)
    assert all(part["attributes"]["label"] for part in template["body"])
