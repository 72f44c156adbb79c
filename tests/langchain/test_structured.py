"""Structured output beyond the acceptance case: odd schemas, streams, answers that are not whole."""

from __future__ import annotations

import json
from typing import Any, Optional, TypedDict

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage
from pydantic import BaseModel, Field
from pydantic.v1 import BaseModel as BaseModelV1

from langchain_siliconflow import ConfigurationError
from langchain_siliconflow._schemas import to_response_format
from tests.langchain.surfaces import SURFACES
from tests.langchain.wire import Server, by_stream, call, completion, end, event, sse, tool_delta
from tests.langchain.wire import unlisted_model_for as model_for

METHODS = ["function_calling", "json_schema", "json_mode"]


class Address(BaseModel):
    street: str


class Person(BaseModel):
    """Somebody."""

    name: str
    nick: str | None = None
    address: Address
    friends: list[Address] = Field(default_factory=list)


class PersonV1(BaseModelV1):
    """Somebody, in the old style."""

    name: str
    nick: Optional[str] = None  # noqa: UP045


class PersonDict(TypedDict):
    """Somebody."""

    name: str
    nick: str | None


def answering(method: str, name: str, value: Any, finish: str = "stop") -> Server:
    text = value if isinstance(value, str) else json.dumps(value)
    if method == "function_calling":
        return Server(completion("", tool_calls=[call(name, text)], finish=finish))
    return Server(completion(text, finish=finish))


NESTED: dict[str, Any] = {"name": "Ann", "address": {"street": "A"}, "friends": [{"street": "B"}]}


@pytest.mark.parametrize("method", METHODS)
def test_nested_and_optional(method: Any) -> None:
    server = answering(method, "Person", NESTED)
    person = model_for(server).with_structured_output(Person, method=method).invoke("x")
    assert person == Person(**NESTED)
    if method == "json_schema":
        sent = server.body["response_format"]["json_schema"]["schema"]
    elif method == "function_calling":
        sent = server.body["tools"][0]["function"]["parameters"]
        assert server.body["tool_choice"]["function"]["name"] == "Person"
    else:
        assert server.body["response_format"] == {"type": "json_object"}
        return
    assert "$ref" not in json.dumps(sent)
    assert sent["properties"]["address"]["properties"]["street"]["type"] == "string"


@pytest.mark.parametrize("method", METHODS)
def test_pydantic_v1(method: Any) -> None:
    server = answering(method, "PersonV1", {"name": "Ann"})
    person = model_for(server).with_structured_output(PersonV1, method=method).invoke("x")
    assert isinstance(person, PersonV1)
    assert person.nick is None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "schema",
    [
        PersonDict,
        {"title": "PersonDict", "type": "object", "properties": {"name": {"type": "string"}}},
        {"type": "object", "properties": {"name": {"type": "string"}}},
    ],
    ids=["typeddict", "json schema", "without a title"],
)
def test_dictionaries(method: Any, schema: Any) -> None:
    name = "Answer" if isinstance(schema, dict) and "title" not in schema else "PersonDict"
    server = answering(method, name, {"name": "Ann"})
    result = model_for(server).with_structured_output(schema, method=method).invoke("x")
    assert result == {"name": "Ann"}


OBJECT = {"type": "object", "properties": {"name": {"type": "string"}}}
FORMS: dict[str, dict[str, Any]] = {
    "title": {**OBJECT, "title": "Who"},
    "name": {**OBJECT, "name": "Who"},
    "function": {"name": "Who", "parameters": OBJECT},
    "tool": {"type": "function", "function": {"name": "Who", "parameters": OBJECT}},
    "openai's json_schema": {"name": "Who", "schema": OBJECT},
    "response_format": {"type": "json_schema", "json_schema": {"name": "Who", "schema": OBJECT}},
    "anthropic": {"name": "Who", "input_schema": OBJECT},
}


def asked_for(server: Server) -> tuple[str, dict[str, Any], bool | None]:
    """Name, schema and `strict` that a request held, whatever the method."""
    body = server.body
    if "tools" in body:
        function = body["tools"][0]["function"]
        return function["name"], function["parameters"], function.get("strict")
    form = body["response_format"]["json_schema"]
    return form["name"], form["schema"], form.get("strict")


@pytest.mark.parametrize("strict", [None, True, False])
@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
@pytest.mark.parametrize("form", FORMS)
def test_schemas_in_every_dialect_reach_the_wire(form: str, method: Any, strict: Any) -> None:
    server = answering(method, "Who", {"name": "Ann"})
    chain = model_for(server).with_structured_output(FORMS[form], method=method, strict=strict)
    assert chain.invoke("x") == {"name": "Ann"}
    name, schema, sent_strict = asked_for(server)
    assert name == "Who"
    assert schema["properties"] == OBJECT["properties"]
    assert sent_strict is strict


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_strict_beside_a_schema_is_kept_and_can_be_overruled(method: Any) -> None:
    schema = {"name": "Who", "schema": OBJECT, "strict": True}
    server = answering(method, "Who", {"name": "Ann"})
    for strict, sent in ((None, True), (False, False)):
        model_for(server).with_structured_output(schema, method=method, strict=strict).invoke("x")
        assert asked_for(server)[2] is sent


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_an_object_with_any_keys(method: Any) -> None:
    """LangChain leaves out all of a schema that has no `properties`."""
    schema = {"title": "Who", "type": "object", "additionalProperties": {"type": "integer"}}
    server = answering(method, "Who", {"a": 1})
    assert model_for(server).with_structured_output(schema, method=method).invoke("x") == {"a": 1}
    assert asked_for(server)[1]["additionalProperties"] == {"type": "integer"}


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
@pytest.mark.parametrize("schema", [{"title": "L", "type": "array"}, {"title": "A", "anyOf": []}])
def test_schemas_that_are_no_object_are_refused(schema: dict[str, Any], method: Any) -> None:
    with pytest.raises(ConfigurationError, match="must be that of an object"):
        model_for(Server(completion())).with_structured_output(schema, method=method)


class AddressV1(BaseModelV1):
    street: str


class NestedV1(BaseModelV1):
    """Somebody, in the old style."""

    name: str
    nick: Optional[str] = None  # noqa: UP045
    address: AddressV1
    friends: list[AddressV1] = []


class AddressDict(TypedDict):
    """Where."""

    street: str


class NestedDict(TypedDict):
    """Somebody."""

    name: str
    nick: str | None
    address: AddressDict
    friends: list[AddressDict]


KINDS: dict[str, tuple[Any, str]] = {
    "pydantic": (Person, "Person"),
    "pydantic v1": (NestedV1, "NestedV1"),
    "typeddict": (NestedDict, "NestedDict"),
    "json schema with $defs": (Person.model_json_schema(), "Person"),
}


@pytest.mark.parametrize("strict", [None, True, False])
@pytest.mark.parametrize("include_raw", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_the_whole_matrix(method: Any, kind: str, include_raw: bool, strict: Any) -> None:
    schema, name = KINDS[kind]
    server = answering(method, name, NESTED)
    chain = model_for(server).with_structured_output(
        schema, method=method, include_raw=include_raw, strict=strict
    )
    result: Any = chain.invoke("x")
    if include_raw:
        assert result["parsing_error"] is None
        assert isinstance(result["raw"], AIMessage)
        result = result["parsed"]
    if isinstance(schema, type) and issubclass(schema, (BaseModel, BaseModelV1)):
        assert isinstance(result, schema)
        assert (result.name, result.nick, result.friends[0].street) == ("Ann", None, "B")
    else:
        assert result == NESTED
    if method != "json_mode":
        sent_name, sent, sent_strict = asked_for(server)
        assert sent_name == name
        assert set(sent["properties"]) == {"name", "nick", "address", "friends"}
        assert sent_strict is strict
        assert (sent.get("additionalProperties") is False) is (strict is True)
        address = sent["properties"]["address"]
        if "$ref" in address:
            address = sent["$defs"][address["$ref"].rpartition("/")[2]]
        assert set(address["properties"]) == {"street"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_every_kind_streams(method: Any, kind: str) -> None:
    """Dictionaries grow; instances come as soon as what is there makes one."""
    schema, name = KINDS[kind]
    text = json.dumps(NESTED)
    pieces = [text[start : start + 8] for start in range(0, len(text), 8)]
    server = streamed(method, pieces, "stop", name)
    parts = list(model_for(server).with_structured_output(schema, method=method).stream("x"))
    assert len(parts) > 1
    if isinstance(schema, type) and issubclass(schema, (BaseModel, BaseModelV1)):
        assert all(isinstance(part, schema) for part in parts)
        assert parts[-1] == schema(**NESTED)
        assert parts[0] != parts[-1]
    else:
        assert {"name": "Ann"} in parts
        assert parts[-1] == NESTED


def test_json_mode_without_a_schema() -> None:
    server = answering("json_mode", "", {"a": 1})
    assert model_for(server).with_structured_output(method="json_mode").invoke("x") == {"a": 1}
    with pytest.raises(ConfigurationError, match="schema is needed"):
        model_for(server).with_structured_output()


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(ConfigurationError, match="'magic' is unknown"):
        model_for(Server(completion())).with_structured_output(Person, method="magic")  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("method", METHODS)
def test_an_answer_cut_off_is_a_clear_error(method: Any) -> None:
    server = answering(method, "Person", '{"name": "An', finish="length")
    with pytest.raises(OutputParserException, match=r"cut off.*max_tokens"):
        model_for(server).with_structured_output(Person, method=method).invoke("x")


@pytest.mark.parametrize("method", ["json_schema", "json_mode"])
def test_cut_json_is_an_error_even_when_the_model_says_stop(method: Any) -> None:
    server = answering(method, "Person", '{"name": "An')
    with pytest.raises(OutputParserException, match="not whole JSON"):
        model_for(server).with_structured_output(PersonDict, method=method).invoke("x")


def test_text_instead_of_a_call_is_an_error() -> None:
    server = Server(completion("I would rather talk."))
    with pytest.raises(OutputParserException, match="did not call"):
        model_for(server).with_structured_output(Person).invoke("x")


@pytest.mark.parametrize("schema", [Person, PersonDict])
def test_a_refusal_is_an_error(schema: Any) -> None:
    class Refusing(Server):
        def __call__(self, request: Any) -> Any:
            answer = completion("{}")
            body = answer.json()
            body["choices"][0]["message"]["refusal"] = "I cannot."
            return type(answer)(200, json=body)

    chain = model_for(Refusing()).with_structured_output(schema, method="json_schema")
    with pytest.raises(Exception, match="refused: I cannot"):
        chain.invoke("x")


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_a_refusal_is_the_frameworks_own_error_where_it_has_one(
    method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ModelRefusalError(Exception):
        """Of langchain-core 1.7.5 and later."""

    monkeypatch.setattr(
        "langchain_core.exceptions.ModelRefusalError", ModelRefusalError, raising=False
    )

    class Refusing(Server):
        def __call__(self, request: Any) -> Any:
            body = completion("").json()
            body["choices"][0]["message"]["refusal"] = "I cannot."
            return type(completion(""))(200, json=body)

    chain = model_for(Refusing()).with_structured_output(Person, method=method)
    with pytest.raises(ModelRefusalError, match="refused: I cannot"):
        chain.invoke("x")


def test_fenced_json_is_read() -> None:
    server = answering("json_mode", "", '```json\n{"a": 1}\n```')
    assert model_for(server).with_structured_output(method="json_mode").invoke("x") == {"a": 1}


def streamed(method: str, pieces: list[str], finish: str, name: str = "PersonDict") -> Server:
    if method == "function_calling":
        events = [event(tool_delta("", index=0, id="c1", name=name))]
        events += [event(tool_delta(piece, index=0)) for piece in pieces]
    else:
        events = [event({"content": piece}) for piece in pieces]
    return Server(sse(*events, end(finish)))


@pytest.mark.parametrize("method", METHODS)
def test_streams_give_partial_objects(method: Any) -> None:
    server = streamed(method, ['{"name": "A', 'nn", "nick"', ': "a"}'], "stop")
    chain = model_for(server).with_structured_output(PersonDict, method=method)
    parts = list(chain.stream("x"))
    assert {"name": "A"} in parts
    assert parts[-1] == {"name": "Ann", "nick": "a"}


@pytest.mark.parametrize("method", METHODS)
def test_a_stream_cut_off_is_an_error_at_its_end(method: Any) -> None:
    server = streamed(method, ['{"name": "A'], "length")
    chain = model_for(server).with_structured_output(PersonDict, method=method)
    parts: list[Any] = []
    with pytest.raises(OutputParserException, match="cut off"):
        parts.extend(chain.stream("x"))
    assert parts == [{"name": "A"}]


def test_response_format_as_a_field_or_per_call() -> None:
    server = Server(completion("{}"))
    model_for(server, response_format={"type": "json_object"}).invoke("x")
    assert server.body["response_format"] == {"type": "json_object"}
    model_for(server).invoke("x", response_format=Person)
    assert server.body["response_format"]["json_schema"]["name"] == "Person"
    model_for(server, response_format={"type": "json_object"}).invoke("x", response_format=None)
    assert "response_format" not in server.body


def test_descriptions_reach_the_model() -> None:
    form = to_response_format(Person, strict=True)
    assert form["json_schema"]["schema"]["description"] == "Somebody."
    assert form["json_schema"]["strict"] is True


def test_include_raw_streams_the_message() -> None:
    server = streamed("json_mode", ['{"name": "A', 'nn"}'], "stop")
    chain = model_for(server).with_structured_output(
        PersonDict, method="json_mode", include_raw=True
    )
    total: dict[str, Any] = {}
    for part in chain.stream("x"):
        total.update(part)
    assert total["parsed"] == {"name": "Ann"}
    assert isinstance(total["raw"], AIMessage)


# --- other tools beside the schema -----------------------------------------------------------------


def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return city


class Seen(BaseModel):
    """Somebody who was seen."""

    name: str


SEEN: dict[str, Any] = {
    "pydantic": Seen,
    "json schema": {
        "title": "Seen",
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
    },
}


@pytest.mark.parametrize("surface", ["invoke", "stream"])
@pytest.mark.parametrize("schema", SEEN)
def test_tools_beside_the_schema_and_an_answer_in_its_form(schema: str, surface: str) -> None:
    text = '{"name": "Ann"}'
    opening = tool_delta(text, index=0, id="c1", name="Seen")
    server = Server(
        by_stream(
            completion("", tool_calls=[call("Seen", text)]),
            sse(event(opening), end("tool_calls")),
        )
    )
    chain = model_for(server).with_structured_output(SEEN[schema], tools=[get_weather])
    answer = chain.invoke("x") if surface == "invoke" else list(chain.stream("x"))[-1]
    assert dict(answer) == {"name": "Ann"}
    names = [tool["function"]["name"] for tool in server.body["tools"]]
    assert names == ["Seen", "get_weather"]
    assert server.body["tool_choice"] == "required"


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
@pytest.mark.parametrize("schema", SEEN)
def test_a_call_of_another_tool_is_no_mistake(schema: str, method: Any) -> None:
    server = Server(completion("", tool_calls=[call("get_weather", '{"city": "Paris"}')]))
    model = model_for(server)
    chain = model.with_structured_output(SEEN[schema], method=method, tools=[get_weather])
    assert chain.invoke("x") is None
    told = model.with_structured_output(
        SEEN[schema], method=method, tools=[get_weather], include_raw=True
    ).invoke("x")
    assert (told["parsed"], told["parsing_error"]) == (None, None)
    assert told["raw"].tool_calls[0]["name"] == "get_weather"


def test_the_schemas_call_is_found_among_others() -> None:
    calls = [call("get_weather", '{"city": "Paris"}', "c1"), call("Seen", '{"name": "Ann"}', "c2")]
    model = model_for(Server(completion("", tool_calls=calls)))
    assert model.with_structured_output(Seen, tools=[get_weather]).invoke("x") == Seen(name="Ann")


def test_strict_is_for_the_schema_and_a_choice_of_ones_own_counts() -> None:
    server = answering("function_calling", "Seen", {"name": "Ann"})
    model_for(server).with_structured_output(
        Seen, tools=[get_weather], strict=True, tool_choice="auto"
    ).invoke("x")
    schema, other = (tool["function"] for tool in server.body["tools"])
    assert schema["strict"] is True
    assert "strict" not in other
    assert server.body["tool_choice"] == "auto"


def test_text_instead_of_any_call_is_still_an_error() -> None:
    chain = model_for(Server(completion("No."))).with_structured_output(Seen, tools=[get_weather])
    with pytest.raises(OutputParserException, match="did not call"):
        chain.invoke("x")


# --- response_format=Class --------------------------------------------------------------------------


class SeenV1(BaseModelV1):
    """Somebody who was seen, in the old style."""

    name: str


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("cls", [Seen, SeenV1])
def test_a_class_as_response_format_gives_an_instance(cls: Any, surface: str) -> None:
    server = Server(
        by_stream(
            completion('{"name": "Ann"}'),
            sse(event({"content": '{"name"'}), event({"content": ': "Ann"}'}), end()),
        )
    )
    answer = SURFACES[surface](model_for(server).bind(response_format=cls), "x")
    assert answer.additional_kwargs["parsed"] == cls(name="Ann")
    assert answer.text == '{"name": "Ann"}'
    assert server.body["response_format"]["type"] == "json_schema"


def test_so_does_the_field_and_bind_tools() -> None:
    server = Server(completion('{"name": "Ann"}'))
    for model in (
        model_for(server, response_format=Seen),
        model_for(server).bind_tools([get_weather], response_format=Seen),
    ):
        assert model.invoke("x").additional_kwargs["parsed"] == Seen(name="Ann")


UNREAD: dict[str, Any] = {
    "prose": completion("I saw Ann."),
    "another form": completion('{"age": 3}'),
    "cut off": completion('{"name": "Ann"}', finish="length"),
    "a call": completion('{"name": "Ann"}', tool_calls=[call("f", "{}")]),
    "nothing": completion("", reasoning="Hm."),
}


@pytest.mark.parametrize("name", UNREAD)
def test_an_answer_that_is_no_instance_is_not_lost(name: str) -> None:
    answer = model_for(Server(UNREAD[name])).bind(response_format=Seen).invoke("x")
    assert "parsed" not in answer.additional_kwargs
    assert answer.response_metadata["trace_id"] == "ti_1"


def test_a_dictionary_as_response_format_gives_none() -> None:
    schema = {"title": "Seen", "type": "object", "properties": {"name": {"type": "string"}}}
    answer = model_for(Server(completion('{"name": "Ann"}'))).bind(response_format=schema)
    assert "parsed" not in answer.invoke("x").additional_kwargs
