"""`make bench`: measure, print the tables and the goals, write `docs/benchmarks.md`.

`make bench ARGS="flights tools"` measures some parts again, `ARGS=growth` those that grow, and
`ARGS=--small` everything once and small, to see that it works, without writing anything.
"""

from __future__ import annotations

import argparse

from benchmarks.page import goals_as_text, load, store, write
from benchmarks.plan import GROWTH, PARTS
from benchmarks.runner import run_parts, versions


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", help=f"{', '.join(PARTS)}, or growth ({', '.join(GROWTH)})"
    )
    parser.add_argument("--small", action="store_true", help="once and small, nothing is written")
    parser.add_argument("--page", action="store_true", help="only write the pages anew")
    parser.add_argument("--minutes", type=float, default=20, help="when to stop")
    asked = parser.parse_args()
    names: list[str] = []
    for name in asked.parts or PARTS:
        if name not in PARTS and name != "growth":
            parser.error(f"no such part: {name}")
        names += [one for one in (GROWTH if name == "growth" else (name,)) if one not in names]
    kept = load()
    if not asked.page:
        found = run_parts(names, asked.minutes, small=asked.small)
        if asked.small:
            print("\n" + goals_as_text({"parts": found}))
            return
        kept["parts"].update(found)
        kept["versions"] = versions()
        store(kept)
    write(kept)
    print("\n" + goals_as_text(kept))
    print("\nWritten: docs/benchmarks.md, docs/plots, benchmarks/figures.json.")


if __name__ == "__main__":
    main()
