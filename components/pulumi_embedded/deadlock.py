"""A program that waits for what never comes: a circle of outputs, or a future that nobody sets.

The CLI waits with it for ever. Here program and engine share an event loop, so it can be seen: the loop has
nothing to run and no timer, no request is under way, and nobody else is there who could wake it.
"""

import asyncio
import inspect
import selectors
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from pulumi_embedded.errors import InvalidInput, Problem
from pulumi_embedded.registration_limit import Gate

_SLICE = 0.25
"""Seconds between two looks."""
_LOOKS = 4
"""Looks in a row that must find nothing: what ends just now may wake the loop late."""
_SHOWN = 5


class Stalled(Exception):  # noqa: N818 - it says what happened
    """Nothing can go on any more."""


class Pool(ThreadPoolExecutor):
    """Threads that know how many calls are under way."""

    def __init__(self, threads: int) -> None:
        super().__init__(max_workers=threads, thread_name_prefix="step")
        self._counting = threading.Lock()
        self.under_way = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Begin a call."""
        with self._counting:
            self.under_way += 1
        future = super().submit(fn, *args, **kwargs)
        future.add_done_callback(self._ended)
        return future

    def _ended(self, _future: Future[Any]) -> None:
        with self._counting:
            self.under_way -= 1

    def owns(self, thread: threading.Thread) -> bool:
        """Say whether a thread is one of these."""
        return thread in self._threads


class _Selector(selectors.DefaultSelector):
    """Waits as the loop tells it to, but not for ever where nothing can come."""

    def __init__(self, pool: Pool, gate: Gate) -> None:
        super().__init__()
        self._pool, self._gate = pool, gate
        self._others = set(threading.enumerate())

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for something to happen.

        Raises:
            Stalled: nothing will; the loop set no time because it has no timer.
        """
        if timeout is not None:
            return super().select(timeout)
        if self._pool.under_way == 0 and self._gate.widen():
            return []
        looks = 0
        while looks < _LOOKS:
            found = super().select(_SLICE)
            if found:
                return found
            looks = 0 if self._may_be_woken() else looks + 1
        raise Stalled

    def _may_be_woken(self) -> bool:
        """Say whether a call, a thread of the program's own or a connection may still bring something."""
        own = (thread for thread in threading.enumerate() if thread not in self._others)
        return (
            self._pool.under_way > 0
            or len(self.get_map()) > 1  # the loop's own pipe is one
            or any(not self._pool.owns(thread) for thread in own)
        )


def new_loop(pool: Pool, gate: Gate) -> asyncio.AbstractEventLoop:
    """Make an event loop that ends with `Stalled` where it would wait for ever."""
    loop = asyncio.SelectorEventLoop(_Selector(pool, gate))
    loop.set_task_factory(gate.make_task)
    return loop


def explain(loop: asyncio.AbstractEventLoop) -> InvalidInput:
    """Say which resources wait; the loop has stopped."""
    names = sorted({name for task in asyncio.all_tasks(loop) for name in _waiting(task.get_coro())})
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    who = f" ({', '.join(names[:_SHOWN])}{more})" if names else ""
    return InvalidInput(
        Problem(
            problem=f"the program waits for values that nothing will give{who}",
            hint="look for resources that need each other in a circle, and for futures that are never set",
            code="cycle",
        )
    )


def _waiting(coroutine: Any) -> Iterator[str]:
    """Yield the resource that a task is about to register: the SDK's own frames know its name."""
    while inspect.iscoroutine(coroutine):
        seen = coroutine.cr_frame.f_locals if coroutine.cr_frame else {}
        if isinstance(seen.get("name"), str) and isinstance(seen.get("ty"), str):
            yield f"{seen['ty']} {seen['name']}"
        coroutine = coroutine.cr_await
