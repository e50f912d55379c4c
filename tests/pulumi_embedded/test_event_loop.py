"""Registrations begin in order, a bounded number at a time, and never wait for each other for ever."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from pulumi_embedded.event_loop import RegistrationLimit

LATER = """
import asyncio
later = asyncio.get_event_loop().create_future()
for number in range(600):
    Thing(f"thing-{number:03d}", {"value": Output.from_input(later)})
Thing("last", {"value": 1}).serial.apply(later.set_result)
"""


def register_resource(number: int, seen: list[int], under_way: set[int]) -> Coroutine[Any, Any, int]:
    """Make what the SDK calls a registration: the limit knows it by its name."""

    async def do_register() -> int:
        seen.append(number)
        under_way.add(number)
        most.append(len(under_way))
        await asyncio.sleep(0)
        under_way.discard(number)
        return number

    return do_register()


most: list[int] = []


def test_registrations_begin_in_order_and_not_all_at_once() -> None:
    """Each ends, with its own result."""
    seen: list[int] = []
    under_way: set[int] = set()

    async def program() -> list[int]:
        asyncio.get_running_loop().set_task_factory(RegistrationLimit(parallel=1).make_task)
        tasks = [asyncio.ensure_future(register_resource(number, seen, under_way)) for number in range(2_000)]
        return list(await asyncio.gather(*tasks))

    most.clear()
    assert [*range(2_000)] == asyncio.run(program())
    assert [*range(2_000)] == seen
    assert 512 == max(most)


def test_what_waits_for_its_turn_can_be_cancelled() -> None:
    """It never begins, and those behind it have their turn."""
    seen: list[int] = []

    async def program() -> None:
        limit = RegistrationLimit(parallel=1)
        asyncio.get_running_loop().set_task_factory(limit.make_task)
        tasks = [asyncio.ensure_future(register_resource(number, seen, set())) for number in range(600)]
        await asyncio.sleep(0)
        tasks[550].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(program())
    assert [number for number in range(600) if number != 550] == seen


def test_a_resource_may_need_one_that_is_registered_much_later(project: Any) -> None:
    """More than begin at once wait for one behind them: it is let through."""
    project.write(LATER)
    assert "succeeded" == project.run("up", parallel=1).result
    assert 601 == len(project.things())
