"""The benchmarks' pages are what the figures say, and the goals speak of what is measured."""

from __future__ import annotations

import importlib.util
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from benchmarks import page
from benchmarks.goals import GOALS, Goal, NotMeasuredError
from benchmarks.plan import GROWTH, PARTS, Table
from benchmarks.plots import calls_in_flight, corpus_size
from benchmarks.runner import HERE

TABLES = [table for tables in PARTS.values() for table in tables]


def complete() -> dict[str, Any]:
    """A figure for everything that the plan has."""
    names = ("cpu", "ideal", "stream", "plain", "message", "megabytes", "seconds")
    told = {name: float(number) for number, name in enumerate(names, start=1)}
    return {
        table.key: {
            one.name: {
                str(size): told for size in table.sizes if one.most is None or size <= one.most
            }
            for one in table.contenders
        }
        for table in TABLES
    }


def kept(found: dict[str, Any]) -> dict[str, Any]:
    machine = dict.fromkeys(("date", "processor", "cores", "python", "system"), "x")
    return {
        "versions": {"ours": {"httpx": "1"}},
        "parts": {
            name: {
                "machine": machine,
                "figures": {table.key: found.get(table.key, {}) for table in tables},
            }
            for name, tables in PARTS.items()
        },
    }


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.what)
def test_a_goal_speaks_of_what_is_measured(goal: Goal):
    found = complete()
    assert goal.value(found) > 0
    assert all(value(found) > 0 for _, value in goal.peers)
    with pytest.raises(NotMeasuredError):
        goal.value({})
    assert goal.verdict({}) == "not measured"


def test_a_goal_is_met_up_to_its_limit():
    goal = Goal("x", lambda found: found["x"], 1.2)
    assert [goal.verdict({"x": x}) for x in (1.2, 1.2049, 1.206)] == ["met", "met", "**missed**"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.key)
def test_what_the_plan_names_is_there(table: Table):
    if table.task == "import":
        return
    modules = {name: _module(name) for name in ("contenders", "flights")}
    homes = _module("child").HOMES
    for one in table.contenders:
        group, _, name = (one.task or table.task).partition(":")
        assert hasattr(_module(homes[group]), name or group)
        home = modules["flights" if homes[group] == "flights" else "contenders"]
        assert hasattr(home, one.factory), one.factory


_loaded: dict[str, Any] = {}


def _module(name: str) -> Any:
    """A module of the children, which find each other through their folder."""
    if name not in _loaded:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(HERE))
            spec.loader.exec_module(module)
        _loaded[name] = module
    return _loaded[name]


def test_every_part_has_a_title_and_its_key_is_used_once():
    assert set(page.TITLES) == set(PARTS)
    assert set(GROWTH) <= set(PARTS)
    assert len({table.key for table in TABLES}) == len(TABLES)


def test_the_page_is_what_the_figures_say():
    assert page.PAGE.read_text(encoding="utf-8") == page.render(page.load())


def test_the_readme_is_what_the_figures_say():
    readme = page.README.read_text(encoding="utf-8")
    assert readme == page.with_block(readme, page.readme_block(page.load()))


def test_a_block_is_put_between_its_marks():
    given = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"
    block = page.readme_block(kept(complete()))
    assert page.with_block(given, block) == f"before\n{block}\nafter\n"
    assert page.with_block("no marks", block) == "no marks"


def test_the_plots_are_what_the_figures_say():
    found = page.tables_of(page.load())
    for name, drawn in (
        ("calls-in-flight", calls_in_flight(found)),
        ("corpus", corpus_size(found)),
    ):
        assert (page.PLOTS / f"{name}.svg").read_text(encoding="utf-8") == drawn


def test_a_plot_has_a_line_for_every_contender():
    drawn = ET.fromstring(calls_in_flight(complete()))
    lines = [one for one in drawn.iter() if one.tag.endswith("polyline")]
    names = {one.text for one in drawn.iter() if one.tag.endswith("text")}
    drawn_tables = [table for table in PARTS["flights"] if table.key != "layers"]
    shown = [one for table in drawn_tables for one in table.contenders]
    assert len(lines) == len(shown)
    assert {one.name for one in shown} <= names


def test_a_plot_without_figures_is_empty_and_still_a_plot():
    drawn = ET.fromstring(corpus_size({}))
    assert not [one for one in drawn.iter() if one.tag.endswith("polyline")]
