"""An MCP server with a browser's tools; run as a program, it speaks over its standard streams."""

from __future__ import annotations

import base64
from typing import Any

from mcp.server.fastmcp import FastMCP, Image

# One pixel, so that whoever looks into the picture finds a whole one.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

server = FastMCP("browser", log_level="ERROR")


@server.tool(structured_output=False)
def take_screenshot(url: str) -> list[Any]:
    """Take a screenshot of a page."""
    return [f"Screenshot of {url}", Image(data=PIXEL, format="png")]


@server.tool()
def count_links(url: str) -> str:
    """Count the links of a page."""
    return f"{url} has 3 links."


if __name__ == "__main__":
    server.run()
