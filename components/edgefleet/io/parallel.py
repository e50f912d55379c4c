"""The same work for many things in several processes, with bounded memory.

Processes are restarted rather than forked: the command line may have threads, as a progress bar does.
"""

import signal
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

AHEAD = 2
"""Jobs a process has waiting beside the one that it works on, at most."""


def each(
    work: Callable[[Job], Result], jobs: Iterable[Job], *, workers: int
) -> Generator[Result, None, None]:
    """Results of ``work(job)``, in the order in which they are done.

    `work` goes to each process once, however much it holds; jobs are taken from `jobs` only as they are
    needed.
    An error of a job ends the whole, so `work` catches expected errors and returns them.

    Args:
        work: a function that processes can find by its name; it, jobs and results can be pickled.
        jobs: the jobs.
        workers: processes; with one, all is done in this process.
    """
    if workers <= 1:
        yield from map(work, jobs)
        return
    waiting = iter(jobs)
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(work,)) as pool:
        under_way: set[Future[Result]] = set()
        try:
            while True:
                free = workers * AHEAD - len(under_way)
                under_way |= {pool.submit(_work, job) for job in islice(waiting, free)}
                if not under_way:
                    return
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_under_way: list[Callable[[Any], Any]] = []
"""In a process of a pool: the function that it runs."""


def _begin(work: Callable[[Any], Any]) -> None:
    """Ignore Ctrl-C: the parent handles it, lets running jobs finish and starts no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _under_way[:] = [work]


def _work(job: Any) -> Any:
    return _under_way[0](job)
