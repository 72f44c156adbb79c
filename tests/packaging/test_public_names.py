"""What a package exports is what its `__all__` says, no more and no less."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from types import ModuleType

import pytest

from tests.packaging.repository import PACKAGES


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> ModuleType:
    return import_module(request.param)


def test_every_exported_name_exists(package: ModuleType):
    assert all(getattr(package, name) is not None for name in package.__all__)
    assert set(package.__all__) <= set(dir(package))


def test_nothing_else_looks_public(package: ModuleType):
    machinery = {"Final", "TYPE_CHECKING", "annotations", "import_module"}
    extra = {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert extra - machinery <= set(package.__all__)


def seen_by_type_checkers(package: ModuleType) -> dict[str, str]:
    """What the package imports for type checkers only, and from where."""
    found: dict[str, str] = {}
    for node in ast.parse(inspect.getsource(package)).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for statement in node.body:
                assert isinstance(statement, ast.ImportFrom)
                assert statement.module is not None
                found |= {alias.asname or alias.name: statement.module for alias in statement.names}
    return found


def test_type_checkers_see_the_names_that_are_exported_and_no_others(package: ModuleType):
    lazy = set(package.__all__) - {"__version__"}  # which some load at once
    assert set(seen_by_type_checkers(package)) - {"__version__"} == lazy


def test_a_name_is_loaded_from_where_type_checkers_see_it(package: ModuleType):
    for name, module in seen_by_type_checkers(package).items():
        assert getattr(package, name) is getattr(import_module(module), name), name


def test_a_name_is_exported_once(package: ModuleType):
    assert len(package.__all__) == len(set(package.__all__))


def test_an_unknown_name_is_an_attribute_error_that_names_it(package: ModuleType):
    with pytest.raises(AttributeError, match="Nonsense"):
        package.Nonsense  # noqa: B018  the look-up is the test


def test_star_import_brings_all_of_it(package: ModuleType):
    names: dict[str, object] = {}
    exec(f"from {package.__name__} import *", names)
    assert set(package.__all__) <= set(names)
