"""How many registrations of a program are prepared at once.

A program registers all its resources before the first of them is made, and the SDK prepares each at once:
what it holds meanwhile is most of the memory of a large run. Here they begin in the program's order, as many
at a time as keep every step busy. One may need another that comes later, as what an `apply` registers does:
where nothing else moves, more may begin.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, Final

_REGISTERING: Final = "register_resource.<locals>.do_register"
"""The SDK's name for what prepares and sends one registration."""
_AT_LEAST: Final = 512


class Gate:
    """Lets registrations begin, in order."""

    def __init__(self, parallel: int) -> None:
        self._step = max(_AT_LEAST, 16 * parallel)
        self._free = self._step
        self._waiting: deque[asyncio.Future[None]] = deque()

    def widen(self) -> bool:
        """Let more begin, where some wait; say whether any do. Only for the loop's own thread."""
        self._free += self._step
        return self._admit() > 0

    def make_task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any
    ) -> "asyncio.Future[Any]":
        """Make a task of a coroutine; a registration's begins when it is its turn (a task factory)."""
        if getattr(coroutine, "__qualname__", "") == _REGISTERING:
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
