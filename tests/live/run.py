"""One live run: every endpoint, every unsettled point, here and on the simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from siliconflow_simulator import Simulator
from tests.live import chat_points, other_points
from tests.live.asking import LIMIT, Asking, Probe, TooExpensiveError
from tests.live.smoke import LEFT_OUT, smoke

PROBES: tuple[Probe, ...] = (*chat_points.point, *other_points.point, *chat_points.watched)


@dataclass
class Findings:
    """What a run found, by the name of the method or of the point."""

    endpoints: dict[str, str]
    points: dict[str, str]
    asking: Asking


def find(http: httpx.Client, base_url: str, key: str) -> Findings:
    """Ask a site everything."""
    http.headers["authorization"] = f"Bearer {key}"
    ask = Asking(http, base_url.rstrip("/"))
    endpoints = smoke(ask, key)
    points: dict[str, str] = {}
    for probe in PROBES:
        try:
            points[probe.name] = probe.look(ask)
        except TooExpensiveError:
            points[probe.name] = f"not asked: the run has reached ¥{LIMIT}"
        except httpx.HTTPError as error:
            points[probe.name] = f"no answer: {type(error).__name__}"
    return Findings(endpoints, points, ask)


def simulated() -> Findings:
    """Ask the simulator everything."""
    with httpx.Client(transport=Simulator().transport()) as http:
        return find(http, "https://api.siliconflow.cn/v1", "sk-simulator")


def report(live: Findings, simulator: Findings, say: Callable[[str], object]) -> int:
    """Tell what was found, and what differs; return how many differ."""
    differing = 0
    for title, found, expected in (
        ("Endpoints", live.endpoints, simulator.endpoints),
        ("Unsettled points (docs/wire.md)", live.points, simulator.points),
    ):
        say(f"\n{title}")
        for name, seen in found.items():
            same = seen == expected[name]
            differing += not same
            say(f"  {' ' if same else '!'} {name}: {seen}")
            if not same:
                say(f"      the simulator: {expected[name]}")
    for (method, path), why in LEFT_OUT.items():
        say(f"  not asked: {method} {path} ({why})")
    asking = live.asking
    say(
        f"\n{differing} differ from the simulator. {len(asking.seen)} requests, {asking.tokens} "
        f"tokens, {asking.things} images and sounds: at most ¥{asking.yuan:.2f} (estimated)."
    )
    return differing
