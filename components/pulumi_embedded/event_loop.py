"""The event loop of a program: it limits concurrent registrations and detects a deadlock.

A program registers all its resources before the first of them is created, and the SDK prepares each at once:
that is most of the memory of a large run. Here they begin in the program's order, as many at a time as keep
every step busy. One may need a later one, such as a resource that an `apply` registers: if nothing else
moves, more may begin.

Where nothing can begin either, the program waits for what never comes: a circle of outputs, or a future that
nobody sets. The CLI waits with it for ever. Here program and engine share an event loop, so the engine sees
it: the loop has nothing to run and no timer, no request is under way, and no other thread could wake it.
"""

import asyncio
import inspect
import selectors
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from pulumi_embedded.errors import InvalidInput, Problem
from pulumi_embedded.sdk import REGISTRATION

_AT_LEAST: Final = 512
_SLICE: Final = 0.25
"""Seconds between two looks."""
_LOOKS: Final = 4
"""Idle looks in a row that prove a deadlock: a call that has just ended may wake the loop late."""
_SHOWN: Final = 5


class RegistrationLimit:
    """Lets registrations begin, in order."""

    def __init__(self, parallel: int) -> None:
        self._step = max(_AT_LEAST, 16 * parallel)
        self._free = self._step
        self._waiting: deque[asyncio.Future[None]] = deque()

    def widen(self) -> bool:
        """Let more begin; return whether any waited. Only for the loop's own thread."""
        self._free += self._step
        return self._admit() > 0

    def make_task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any
    ) -> "asyncio.Future[Any]":
        """Make a task of a coroutine; a registration's begins when it is its turn (a task factory)."""
        if getattr(coroutine, "__qualname__", "") == REGISTRATION:
            coroutine = self._in_turn(loop, coroutine)
        return asyncio.Task(coroutine, loop=loop, **named)

    async def _in_turn(self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]) -> Any:
        if self._free > 0 and not self._waiting:
            self._free -= 1
        else:
            turn = loop.create_future()
            self._waiting.append(turn)
            try:
                await turn
            except BaseException:
                coroutine.close()
                raise
        try:
            return await coroutine
        finally:
            self._free += 1
            self._admit()

    def _admit(self) -> int:
        admitted = 0
        while self._waiting and self._free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._free -= 1
                admitted += 1
        return admitted


class Deadlock(Exception):  # noqa: N818 - it states what happened
    """Nothing can continue."""


class RequestPool(ThreadPoolExecutor):
    """Threads that count the calls in progress."""

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
        """Return whether a thread is one of these."""
        return thread in self._threads


class _Selector(selectors.DefaultSelector):
    """Waits for the loop, but not forever in a deadlock."""

    def __init__(self, pool: RequestPool, limit: RegistrationLimit) -> None:
        super().__init__()
        self._pool, self._limit = pool, limit
        self._others = set(threading.enumerate())

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for something to happen.

        Raises:
            Deadlock: nothing will; the loop set no time because it has no timer.
        """
        if timeout is not None:
            return super().select(timeout)
        if self._pool.under_way == 0 and self._limit.widen():
            return []
        looks = 0
        while looks < _LOOKS:
            found = super().select(_SLICE)
            if found:
                return found
            looks = 0 if self._may_be_woken() else looks + 1
        raise Deadlock

    def _may_be_woken(self) -> bool:
        """Return whether a call, a thread of the program or a connection may still wake the loop."""
        own = (thread for thread in threading.enumerate() if thread not in self._others)
        return (
            self._pool.under_way > 0
            or len(self.get_map()) > 1  # the loop's own pipe is one
            or any(not self._pool.owns(thread) for thread in own)
        )


def new_loop(pool: RequestPool, limit: RegistrationLimit) -> asyncio.AbstractEventLoop:
    """Create an event loop that raises `Deadlock` instead of waiting forever."""
    loop = asyncio.SelectorEventLoop(_Selector(pool, limit))
    loop.set_task_factory(limit.make_task)
    return loop


def explain(loop: asyncio.AbstractEventLoop) -> InvalidInput:
    """Return an error that names the resources that wait; the loop has stopped."""
    names = sorted({name for task in asyncio.all_tasks(loop) for name in _waiting(task.get_coro())})
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    who = f" ({', '.join(names[:_SHOWN])}{more})" if names else ""
    return InvalidInput(
        Problem(
            problem=f"the program waits for values that will never arrive{who}",
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
