"""`make live`: a short run against the API, at a cost below ¥0.5.

Needs `SILICONFLOW_API_KEY`; `SILICONFLOW_BASE_URL` names another site. Exit codes: 0 when the run
came to its end, whatever it found; 2 without a key, when nothing is asked.
"""

from __future__ import annotations

import os
import sys

import httpx

from siliconflow_client import ClientConfig

NO_KEY = 2


def main() -> int:
    """Run, print, and return the exit code."""
    key = os.environ.get("SILICONFLOW_API_KEY", "").strip()
    if not key:
        print("SILICONFLOW_API_KEY is not set: nothing was asked, and nothing was paid.")
        return NO_KEY
    from tests.live.run import find, report, simulated

    base_url = ClientConfig().base_url
    print(f"Asking {base_url}; this takes a few minutes and costs less than ¥0.5.", flush=True)
    with httpx.Client(timeout=120) as http:
        live = find(http, base_url, key)
    report(live, simulated(), print)
    return 0


if __name__ == "__main__":
    sys.exit(main())
