"""Look at the built site in headless Chromium: `make look`, after which `docs/pictures` is new.

Every page is opened on a phone and on a desktop, light and dark in turn. Nothing may be written to
the console, fetched from elsewhere, missing, or wider than the window; the page's language must be
that of its folder, its link to the other language must lead somewhere, and the search must know
Chinese words.
"""

from __future__ import annotations

import functools
import io
import os
import shutil
import sys
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
SITE = ROOT / ".site"
PICTURES = ROOT / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WINDOWS = {"desktop": (1280, 800), "phone": (390, 780)}
WIDTHS = {"desktop": 760, "phone": 260}
"""How wide the kept pictures are, in pixels."""

SHOWN = {
    ("desktop", "light", ""): "errors",
    ("desktop", "dark", ""): "getting-started/langchain",
    ("phone", "light", ""): "index",
    ("phone", "dark", ""): "how-it-works",
}
SHOWN |= {(kind, scheme, "-zh"): f"zh/{page}" for (kind, scheme, _), page in SHOWN.items()}
SEARCHES = {"限流": "zh/guides/limits.html", "流式输出": "zh/getting-started/langchain.html"}


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[str]:
    """Serve the built site, and give its address."""
    handler = functools.partial(Quiet, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def opened(browser: Browser, kind: str, scheme: str) -> Iterator[tuple[Page, list[str]]]:
    """Open a window, and give it with a list that takes what goes wrong in it."""
    width, height = WINDOWS[kind]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        is_mobile=kind == "phone",
    )
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda said: wrong.append(f"console: {said.text}"))
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("requestfailed", lambda request: wrong.append(f"not fetched: {request.url}"))
    page.on(
        "response",
        lambda got: wrong.append(f"{got.status}: {got.url}") if got.status >= 400 else None,
    )
    page.on(
        "request",
        lambda asked: None if "//127.0.0.1:" in asked.url else wrong.append(f"asked: {asked.url}"),
    )
    yield page, wrong
    context.close()


def look(browser: Browser, address: str, pages: list[str]) -> Iterator[str]:
    """Open the pages and tell what is wrong with them."""
    for kind in WINDOWS:
        for number, scheme in enumerate(("light", "dark")):
            with opened(browser, kind, scheme) as (page, wrong):
                for path in pages[number::2]:
                    page.goto(address + path, wait_until="networkidle")
                    width = page.evaluate("document.documentElement.scrollWidth")
                    if width > WINDOWS[kind][0]:
                        wrong.append(f"{width} pixels wide")
                    spoken = page.get_attribute("html", "lang")
                    if spoken != ("zh" if path.startswith("zh/") else "en"):
                        wrong.append(f"speaks {spoken}")
                    other = page.evaluate("document.querySelector('a.language').pathname")
                    if not (SITE / other.lstrip("/")).is_file():
                        wrong.append(f"leads to {other}")
                    yield from (f"{path} ({kind}, {scheme}): {one}" for one in wrong)
                    wrong.clear()


def search(browser: Browser, address: str) -> Iterator[str]:
    """Search for Chinese words and tell which found another page first."""
    with opened(browser, "desktop", "light") as (page, wrong):
        page.goto(f"{address}zh/index.html", wait_until="networkidle")
        for words, expected in SEARCHES.items():
            page.fill(".md-search__input", words)
            page.press(".md-search__input", "End")  # the theme waits for a key
            page.wait_for_timeout(1500)
            hits = page.query_selector_all(".md-search-result__link")
            found = hits[0].get_attribute("href") if hits else ""
            if expected not in (found or ""):
                yield f"search for {words}: {found or 'nothing'}"
        yield from wrong


def draw(browser: Browser, address: str) -> None:
    """Write the pictures that are kept."""
    for (kind, scheme, language), path in SHOWN.items():
        with opened(browser, kind, scheme) as (page, _):
            page.goto(f"{address}{path}.html", wait_until="networkidle")
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            height = round(picture.height * WIDTHS[kind] / picture.width)
            small = picture.resize((WIDTHS[kind], height), Image.Resampling.LANCZOS)
            target = PICTURES / f"{kind}-{scheme}{language}.png"
            small.quantize(128).save(target, optimize=True)


def main() -> int:
    """Look at the site, print what is wrong, and draw it anew."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        print(
            "No Chromium here: install one (Debian: apt install chromium), or name it in CHROMIUM."
        )
        return 2
    pages = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    pages.remove("404.html")
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        wrong = [*look(browser, address, pages), *search(browser, address)]
        draw(browser, address)
        browser.close()
    print("\n".join([*wrong, f"{len(pages)} pages, {len(wrong)} complaints; see docs/pictures."]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
