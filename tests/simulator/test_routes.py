"""Endpoints are found by their modules; what the API has switched off says so."""

from __future__ import annotations

from pathlib import Path

import pytest

import siliconflow_simulator.api
from siliconflow_simulator.api._routes import Route, all_routes, find_route
from tests.fixtures import INDEX
from tests.simulator.asking import KEY, body_of, get, post


def test_the_account_s_data_are_gone_as_the_vendor_says() -> None:
    expected = INDEX["errors/410_20092_endpoint_gone.json"]
    response = get("/v1/user/info")
    assert (response.status, body_of(response)) == (410, expected.json())


def test_the_account_s_data_need_a_key_all_the_same() -> None:
    assert post("/v1/user/info", {}).status == 404
    expected = INDEX["errors/401_30014_token_invalid.json"]
    response = get("/v1/user/info", headers={})
    assert (response.status, body_of(response)) == (401, expected.json())


def test_no_two_modules_answer_the_same_request() -> None:
    wanted = [(route.method, route.path) for route in all_routes()]
    assert len(wanted) == len(set(wanted)) >= 6


def test_each_family_of_endpoints_is_one_module_that_nothing_else_names() -> None:
    folder = Path(siliconflow_simulator.api.__file__).parent
    families = {path.stem for path in folder.glob("[a-z]*.py")}
    assert {"chat", "embeddings", "rerank", "completions", "models", "user"} <= families
    assert {Path(route.answer.__code__.co_filename).stem for route in all_routes()} == families


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/v1/batches/b1/cancel", {"id": "b1"}),
        ("/v1/batches//cancel", None),
        ("/v1/batches/b1", None),
        ("/v1/batches/b1/cancel/", None),
        ("/v1/files/b1/cancel", None),
    ],
)
def test_a_segment_in_braces_takes_anything_but_nothing(path, parts) -> None:
    route = Route("POST", "/v1/batches/{id}/cancel", lambda exchange: post("/", {}))
    assert route.parts(path) == parts


def test_the_method_counts() -> None:
    assert find_route("GET", "/v1/models")
    assert find_route("DELETE", "/v1/models") is None


def test_a_key_may_stand_in_another_header_only_where_a_route_says_so() -> None:
    assert [route.path for route in all_routes() if route.takes_x_api_key] == ["/v1/messages"]
    headers = {"x-api-key": KEY["Authorization"].removeprefix("Bearer ")}
    assert get("/v1/models", headers=headers).status == 401
