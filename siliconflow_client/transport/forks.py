"""What a forked child must not touch: connections belong to the process that opened them.

Two processes that read from one socket get each other's answers. Servers that load an
application and then fork (gunicorn's preload, Celery, `multiprocessing`) do just that to pools
which were used before.
"""

from __future__ import annotations

import os
import weakref
from typing import Final, Protocol


class Forkable(Protocol):
    """Something that holds connections or locks."""

    def renew_after_fork(self) -> None:
        """Forget, in the child, what belongs to the parent."""
        ...


_holders: Final[weakref.WeakSet[Forkable]] = weakref.WeakSet()
_inherited: Final[list[object]] = []
_generation = 0


def generation() -> int:
    """Number of forks between the first process and this one."""
    return _generation


def register(holder: Forkable) -> None:
    """Call `holder.renew_after_fork()` in every child that is forked from now on."""
    _holders.add(holder)


def leave_alone(inherited: object) -> None:
    """Keep something of the parent's as it is: freeing it would close or unregister its sockets.

    An event loop's selector is shared with the parent, who would wait for ever on a socket that
    the child takes out of it.
    """
    _inherited.append(inherited)


def _in_child() -> None:
    global _generation  # noqa: PLW0603 - one number for the process
    _generation += 1
    for holder in list(_holders):
        holder.renew_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
