"""`client.images`: what is sent, what is read, and where files come from and go to."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    AsyncSiliconFlowClient,
    CallOptions,
    ConfigurationError,
    ContentRejectedError,
    ImagesResult,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    SiliconFlowClient,
    StreamInterruptedError,
)
from siliconflow_simulator import Simulator
from tests.client.callers import KEY, Caller, answering, left_in, settled
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])

CAT: dict[str, Any] = {"model": "Kwai-Kolors/Kolors", "prompt": "a cat"}
EDIT: dict[str, Any] = {"model": "Qwen/Qwen-Image-Edit-2509", "prompt": "make it blue"}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
STORE = "https://store.example.com"


class Site:
    """Names files of some URLs, and serves them; notes what was asked of whom."""

    def __init__(self, *urls: str, **answers: httpx.Response) -> None:
        self.urls = urls
        self.answers = answers
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith("/images/generations"):
            return httpx.Response(200, json={"images": [{"url": url} for url in self.urls]})
        made = self.answers.get(request.url.path.strip("/").partition(".")[0])
        return made or httpx.Response(200, headers={"content-type": "image/png"}, content=PNG)

    @property
    def fetched(self) -> list[httpx.Request]:
        return self.asked[1:]


async def saved(kind: str, site: Site, folder: Path, **settings: Any) -> list[Path]:
    async with Caller(kind, site, max_retries=settings.pop("max_retries", 0)) as ask:
        result = await settled(ask.client.images.generate(**CAT))
        return await settled(ask.client.images.save(result, folder, **settings))


# --- what is sent and read --------------------------------------------------------------------


@both
async def test_the_documented_answer_is_read(kind: str):
    async with Caller(kind, answering(INDEX["images/generation.json"].content)) as ask:
        result = await settled(ask.client.images.generate(**CAT))
    assert isinstance(result, ImagesResult)
    assert [image.url for image in result.images] == ["https://example.com/a.png"]
    assert result.data is result.images
    assert (result.seed, result.timings.inference) == (1234567, 1.23)
    assert result.trace_id == "ti_0123456789abcdef"
    assert result.hosts == {"example.com"}


@both
@pytest.mark.parametrize(
    ("answer", "url", "b64"),
    [
        ({"data": [{"url": "https://x/a.png"}]}, "https://x/a.png", None),
        ({"data": [{"b64_json": "aGk="}], "images": None}, None, "aGk="),
        ({"images": [{"url": None, "b64_json": "aGk="}, {"url": None}, None]}, None, "aGk="),
    ],
)
async def test_other_shapes_of_gateways_are_read(kind: str, answer: Any, url: Any, b64: Any):
    async with Caller(kind, lambda request: httpx.Response(200, json=answer)) as ask:
        result = await settled(ask.client.images.generate(**CAT))
    assert [(image.url, image.b64_json) for image in result.images] == [(url, b64)]
    assert (result.seed, result.timings.inference) == (None, None)


@both
@pytest.mark.parametrize("told", ["1" + "0" * 400, "NaN", "true", '"1"'])
async def test_a_time_that_is_none_is_not_told(kind: str, told: str):
    content = f'{{"images": [{{"url": "{STORE}/a.png"}}], "timings": {{"inference": {told}}}}}'
    async with Caller(kind, answering(content.encode())) as ask:
        result = await settled(ask.client.images.generate(**CAT))
    assert result.timings.inference is None


@both
@pytest.mark.parametrize("answer", [{}, {"images": []}, {"images": [{}]}, {"images": "x"}])
async def test_an_answer_without_an_image_is_an_unexpected_one(kind: str, answer: Any):
    async with Caller(kind, lambda request: httpx.Response(200, json=answer)) as ask:
        with pytest.raises(APIResponseError):
            await settled(ask.client.images.generate(**CAT))


@both
async def test_what_is_sent_is_what_was_asked_for(kind: str):
    site = Site("https://x/a.png")
    async with Caller(kind, site) as ask:
        await settled(
            ask.client.images.generate(
                **CAT, image_size="1024x1024", batch_size=2, seed=None, extra_body={"lora": "l"}
            )
        )
    assert json.loads(site.asked[0].content) == {
        **CAT,
        "image_size": "1024x1024",
        "batch_size": 2,
        "lora": "l",
    }
    assert site.asked[0].url.path == "/v1/images/generations"


@both
async def test_an_image_to_edit_is_a_url_or_becomes_a_data_uri(kind: str, tmp_path: Path):
    path = tmp_path / "b.png"
    path.write_bytes(PNG)
    site = Site("https://x/a.png")
    async with Caller(kind, site) as ask:
        await settled(
            ask.client.images.generate(
                **EDIT, image="https://x/y.png", image2=b"\xff\xd8\xff\xe0", image3=path
            )
        )
    sent = json.loads(site.asked[0].content)
    assert sent["image"] == "https://x/y.png"
    assert (
        sent["image2"] == "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8\xff\xe0").decode()
    )
    assert sent["image3"] == "data:image/png;base64," + base64.b64encode(PNG).decode()


@both
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", 5),
        ("image2", b""),
        ("image3", Path("/nowhere/x.png")),
        ("image", " "),
        ("image", Path("a\0b")),
    ],
)
async def test_an_image_that_cannot_be_sent_costs_no_request(kind: str, field: str, value: Any):
    site = Site()
    async with Caller(kind, site) as ask:
        with pytest.raises(ConfigurationError) as caught:
            await settled(ask.client.images.generate(**EDIT, **{field: value}))
    assert caught.value.argument == field
    assert site.asked == []


@both
async def test_images_that_may_be_paid_for_are_not_asked_for_twice(kind: str):
    asked: list[httpx.Request] = []

    def broken(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(500, json={"code": 50507, "message": "x"})

    async with Caller(kind, broken) as ask:
        with pytest.raises(ServerError):
            await settled(ask.client.images.generate(**CAT))
    assert len(asked) == 1


@both
async def test_refused_content_is_an_error_of_its_own(kind: str):
    async with Caller(kind, Simulator(faults=["451"]).transport().handler) as ask:
        with pytest.raises(ContentRejectedError):
            await settled(ask.client.images.generate(**CAT))


# --- files ------------------------------------------------------------------------------------


@both
async def test_a_folder_is_filled_with_pictures_that_the_simulator_drew(kind: str, tmp_path: Path):
    folder = tmp_path / "new" / "out"
    async with Caller(kind, Simulator().transport().handler) as ask:
        result = await settled(ask.client.images.generate(**CAT, batch_size=3))
        paths = await settled(ask.client.images.save(result, folder))
        again = await settled(ask.client.images.save(result, str(folder)))
    assert paths == again
    assert sorted(folder.iterdir()) == sorted(paths)
    assert len({path.read_bytes() for path in paths}) == 3
    assert all(path.name.startswith("image-") and path.suffix == ".png" for path in paths)


@both
async def test_no_key_cookie_or_parameter_of_ours_goes_to_the_storage(kind: str, tmp_path: Path):
    site = Site(f"{STORE}/a.png?sig=1")
    theirs: dict[str, Any] = {
        "headers": {"authorization": f"Bearer {KEY}", "x-mine": "secret"},
        "cookies": {"session": "secret"},
        "params": {"mine": "secret"},
        "auth": ("user", "secret"),
        "transport": httpx.MockTransport(site),
        "follow_redirects": True,
    }
    ours: dict[str, Any] = {"api_key": KEY, "default_headers": {"x-mine": "secret"}}
    options = CallOptions(headers={"x-mine": "secret"})
    if kind == "sync":
        with httpx.Client(**theirs) as http:
            client = SiliconFlowClient(http_client=http, **ours)
            client.images.save(client.images.generate(**CAT), tmp_path, options=options)
    else:
        async with httpx.AsyncClient(**theirs) as http:
            client = AsyncSiliconFlowClient(async_http_client=http, **ours)
            result = await client.images.generate(**CAT)
            await client.images.save(result, tmp_path, options=options)
    (fetched,) = site.fetched
    assert str(fetched.url) == f"{STORE}/a.png?sig=1"
    assert set(fetched.headers) <= {"host", "accept", "accept-encoding", "user-agent"}


async def test_a_function_that_tells_the_key_is_not_asked_for_a_download(tmp_path: Path):
    told: list[str] = []

    def tell() -> str:
        told.append(KEY)
        return KEY

    async with Caller("sync", Site(f"{STORE}/a.png"), api_key=tell) as ask:
        result = await settled(ask.client.images.generate(**CAT))
        before = len(told)
        await settled(ask.client.images.save(result, tmp_path))
    assert len(told) == before > 0


@both
async def test_a_host_that_the_answer_did_not_name_is_not_asked(kind: str, tmp_path: Path):
    site = Site(f"{STORE}/a.png")
    async with Caller(kind, site) as ask:
        result = await settled(ask.client.images.generate(**CAT))
        result.images[0].url = "https://evil.example.com/a.png"
        with pytest.raises(ConfigurationError) as caught:
            await settled(ask.client.images.save(result, tmp_path))
    assert caught.value.argument == "result"
    assert (site.fetched, left_in(tmp_path)) == ([], [])


@both
@pytest.mark.parametrize(
    "url",
    [
        "http://store.example.com/a.png",
        "https://127.0.0.1/a.png",
        "https://169.254.169.254/latest",
        "https://10.1.2.3:8080/a.png",
        "https://[::1]/a.png",
        "https://localhost/a.png",
        "https://metadata.google.internal/a.png",
    ],
)
async def test_an_answer_cannot_lead_into_the_local_network(kind: str, url: str, tmp_path: Path):
    site = Site(url)
    with pytest.raises(APIResponseError):
        await saved(kind, site, tmp_path)
    assert (site.fetched, left_in(tmp_path)) == ([], [])


@both
@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://x/y",
        "https://user:pw@x/y",
        "https://x:0/y",
        "not a url",
        "https://x:99999999/",
    ],
)
async def test_what_is_no_web_address_is_not_fetched(kind: str, url: str, tmp_path: Path):
    site = Site(url)
    with pytest.raises(ConfigurationError):
        await saved(kind, site, tmp_path)
    assert (site.fetched, left_in(tmp_path)) == ([], [])


def redirect(to: str) -> httpx.Response:
    return httpx.Response(302, headers={"location": to})


@both
@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example.com/a.png",
        "//evil.example.com/a",
        "http://store.example.com/b",
        "file:///etc/passwd",
        "http://[half",
    ],
)
async def test_a_redirect_to_another_host_is_not_followed(kind: str, to: str, tmp_path: Path):
    site = Site(f"{STORE}/a.png", a=redirect(to))
    with pytest.raises(APIResponseError):
        await saved(kind, site, tmp_path)
    assert (len(site.fetched), left_in(tmp_path)) == (1, [])


@both
async def test_a_redirect_within_the_hosts_of_the_answer_is_followed(kind: str, tmp_path: Path):
    site = Site(f"{STORE}/a.png", a=redirect("/b.png"))
    (path,) = await saved(kind, site, tmp_path)
    assert path.read_bytes() == PNG
    assert [request.url.path for request in site.fetched] == ["/a.png", "/b.png"]


@both
async def test_redirects_that_go_round_end(kind: str, tmp_path: Path):
    site = Site(f"{STORE}/a.png", a=redirect("/a.png"))
    with pytest.raises(APIResponseError, match="too many"):
        await saved(kind, site, tmp_path)
    assert len(site.fetched) == 4


@both
@pytest.mark.parametrize("told", [True, False], ids=["with its length", "without"])
async def test_a_file_that_is_too_large_leaves_nothing(kind: str, told: bool, tmp_path: Path):
    answer = httpx.Response(200, headers={"content-type": "image/png"}, content=PNG)
    if not told:
        del answer.headers["content-length"]
    with pytest.raises(APIResponseError, match="more than 107 bytes"):
        await saved(kind, Site(f"{STORE}/a.png", a=answer), tmp_path, max_bytes=len(PNG) - 1)
    assert left_in(tmp_path) == []
    fits = Site(f"{STORE}/a.png")
    assert len(await saved(kind, fits, tmp_path, max_bytes=len(PNG))) == 1


@both
async def test_a_web_page_in_place_of_an_image_leaves_nothing(kind: str, tmp_path: Path):
    page = httpx.Response(200, headers={"content-type": "text/html"}, content=b"<html>")
    with pytest.raises(APIResponseError, match="HTML page"):
        await saved(kind, Site(f"{STORE}/a.png", a=page), tmp_path)
    assert left_in(tmp_path) == []


@both
async def test_a_url_that_has_expired_says_what_to_do(kind: str, tmp_path: Path):
    denied = httpx.Response(403, headers={"content-type": "application/xml"}, content=b"<Error>")
    with pytest.raises(PermissionDeniedError) as caught:
        await saved(kind, Site(f"{STORE}/a.png?Signature=s3cr3t", a=denied), tmp_path)
    assert "one hour" in str(caught.value.hint)
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.host == "store.example.com"


@both
async def test_what_was_written_before_a_failure_is_told(kind: str, tmp_path: Path):
    site = Site(f"{STORE}/a.png", f"{STORE}/b.png", b=httpx.Response(404))
    with pytest.raises(NotFoundError) as caught:
        await saved(kind, site, tmp_path)
    assert list(caught.value.partial) == left_in(tmp_path)
    assert len(caught.value.partial) == 1


@both
async def test_a_download_is_tried_again_from_its_beginning(kind: str, tmp_path: Path):
    simulator = Simulator(faults=["", "drop", "503", ""])
    async with Caller(kind, simulator.transport().handler) as ask:
        result = await settled(ask.client.images.generate(**CAT))
        (path,) = await settled(ask.client.images.save(result, tmp_path))
    assert path.read_bytes().endswith(b"IEND\xaeB`\x82")
    assert (left_in(tmp_path), len(ask.waits)) == ([path], 2)


@both
async def test_a_download_that_breaks_off_leaves_nothing(kind: str, tmp_path: Path):
    simulator = Simulator(faults=["", "drop"])
    async with Caller(kind, simulator.transport().handler, max_retries=0) as ask:
        result = await settled(ask.client.images.generate(**CAT))
        with pytest.raises(APIConnectionError) as caught:
            await settled(ask.client.images.save(result, tmp_path))
    assert caught.value.is_retryable
    assert left_in(tmp_path) == []


@both
async def test_an_empty_file_leaves_nothing(kind: str, tmp_path: Path):
    empty = httpx.Response(200, headers={"content-type": "image/png"}, content=b"")
    with pytest.raises(StreamInterruptedError):
        await saved(kind, Site(f"{STORE}/a.png", a=empty), tmp_path)
    assert left_in(tmp_path) == []


@both
async def test_a_file_that_is_shorter_than_was_told_leaves_nothing(kind: str, tmp_path: Path):
    short = httpx.Response(
        200, headers={"content-type": "image/png", "content-length": "999"}, content=PNG
    )
    with pytest.raises(StreamInterruptedError, match="999"):
        await saved(kind, Site(f"{STORE}/a.png", a=short), tmp_path)
    assert left_in(tmp_path) == []


@both
async def test_images_inside_the_answer_are_written_without_a_request(kind: str, tmp_path: Path):
    answer = {"data": [{"b64_json": base64.b64encode(PNG).decode()}]}
    async with Caller(kind, lambda request: httpx.Response(200, json=answer)) as ask:
        result = await settled(ask.client.images.generate(**CAT))
        (path,) = await settled(ask.client.images.save(result, tmp_path))
        assert (path.read_bytes(), path.suffix) == (PNG, ".png")
        with pytest.raises(APIResponseError):
            await settled(ask.client.images.save(result, tmp_path / "b", max_bytes=50))
        result.images[0].b64_json = "!!"
        with pytest.raises(APIResponseError):
            await settled(ask.client.images.save(result, tmp_path / "b"))
    assert not (tmp_path / "b").exists()


@both
@pytest.mark.parametrize("bad", [0, -1, 1.5, True, None])
async def test_a_limit_is_a_whole_number(kind: str, bad: Any, tmp_path: Path):
    with pytest.raises(ConfigurationError) as caught:
        await saved(kind, Site(f"{STORE}/a.png"), tmp_path, max_bytes=bad)
    assert caught.value.argument == "max_bytes"


@both
async def test_a_folder_that_is_none_is_named(kind: str, tmp_path: Path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    for folder in (file, 5):
        with pytest.raises(ConfigurationError) as caught:
            await saved(kind, Site(f"{STORE}/a.png"), folder)
        assert caught.value.argument == "folder"
    with pytest.raises(ConfigurationError) as caught:
        await saved(kind, Site(f"{STORE}/a.png"), file / "below")
    assert caught.value.argument == "folder"


@both
async def test_the_name_of_a_file_is_never_taken_from_outside(kind: str, tmp_path: Path):
    headers = {"content-type": "image/../../x", "content-disposition": 'filename="../../evil"'}
    odd = httpx.Response(200, headers=headers, content=b"odd")
    (path,) = await saved(kind, Site(f"{STORE}/x/..%2f..%2fevil.sh", **{"x/": odd}), tmp_path)
    assert path.parent == tmp_path
    assert path.name.removeprefix("image-").partition(".")[0].isalnum()
    assert path.suffix == ".bin"
