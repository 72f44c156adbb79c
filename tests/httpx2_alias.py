"""A pytest plug-in that puts httpx2, httpx's successor, in httpx's place: `make test-httpx2`."""

from __future__ import annotations

import httpx2

httpx2.alias_httpx()
