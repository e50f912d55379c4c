"""Work in several processes: all of it, in bounded memory."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from operator import call
from typing import Any

import pytest

from edgefleet.io.parallel import each

Job = Callable[[], Any]


@pytest.mark.parametrize("workers", [1, 2])
def test_each_job_is_done_once(workers: int) -> None:
    """However many processes there are."""
    jobs: list[Job] = [partial(pow, number, 2) for number in range(40)]
    assert [number * number for number in range(40)] == sorted(each(call, jobs, workers=workers))


def test_one_worker_is_this_process_and_two_are_others() -> None:
    """No process is started for a single site."""
    assert {os.getpid()} == set(each(call, [os.getpid] * 3, workers=1))
    assert os.getpid() not in set(each(call, [os.getpid] * 8, workers=2))


def test_jobs_are_taken_as_they_are_needed() -> None:
    """Ten thousand sites are not all in memory at once."""
    taken: list[int] = []

    def jobs() -> Iterator[Job]:
        for number in range(100):
            taken.append(number)
            yield partial(pow, number, 2)

    results = each(call, jobs(), workers=2)
    next(results)
    assert len(taken) < 20
    results.close()


def test_an_error_ends_the_whole() -> None:
    """Nothing goes on in the background."""
    jobs: list[Job] = [partial(int, text) for text in ("1", "2", "three", "4", "5", "6", "7", "8")]
    with pytest.raises(ValueError, match="three"):
        list(each(call, jobs, workers=2))
