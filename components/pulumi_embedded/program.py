"""Running the user's program as the language host would, but in this process.

The SDK keeps its state of a run in context variables, so each run gets its own and the next one starts clean.
Arguments and modules are restored after the program.

The program has a thread of its own, so that its stack is short: the SDK sends the whole of it along with each
registration, and below a command line that was a third of the memory of a run.
"""

import asyncio
import contextlib
import contextvars
import runpy
import sys
import traceback
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pulumi
from pulumi import runtime
from pulumi.runtime import settings as sdk

from pulumi_embedded import event_loop
from pulumi_embedded.deployment import Deployment
from pulumi_embedded.errors import EngineError, InvalidInput, Problem
from pulumi_embedded.monitor import Log, Monitor

_THREADS_PER_STEP = 4
"""As in the CLI's language host: a thread waits during its request."""


def run_program(run: Deployment) -> None:
    """Run the project's program to its end; its resources are registered with `run`.

    Raises:
        InvalidInput: the program raised; with its file and line, or the problems that it states.
        Exception: one that the host passes on, as the program raised it.
        KeyboardInterrupt: it was interrupted; the operations in progress have ended.
    """
    context = contextvars.copy_context()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="program") as alone:
        alone.submit(context.run, _run, run).result()


def _run(run: Deployment) -> None:
    sdk.ROOT.set(None)
    runtime.set_all_config(run.config.values, sorted(run.config.secrets))
    runtime.configure(
        runtime.Settings(
            project=run.project.name,
            stack=run.stack,
            monitor=Monitor(run),
            engine=Log(run.events),
            parallel=run.parallel,
            dry_run=run.preview,
            organization="organization",
            root_directory=str(run.project.root),
        )
    )
    with _as_main(run.project.program):
        try:
            _drive(run)
        except run.passes:
            raise
        except (Exception, SystemExit) as error:
            if run.has_failed or run.is_cancelled:
                return
            raise _translate(error, run.project.root) from error


def _drive(run: Deployment) -> None:
    """Run the program on an event loop with enough threads."""
    pool = event_loop.RequestPool(run.parallel * _THREADS_PER_STEP)
    loop = event_loop.new_loop(pool, event_loop.RegistrationLimit(run.parallel))
    loop.set_default_executor(pool)
    # A program that ends early leaves futures behind that nothing awaits any more; that is no error.
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(runtime.run_in_stack(_load(run.project.program)))
    except KeyboardInterrupt:
        run.is_cancelled = True
        raise
    except event_loop.Deadlock:
        raise event_loop.explain(loop) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        _drain(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _drain(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the waiting tasks of a failed program, so that none outlives its loop."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        with contextlib.suppress(Exception):
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def _load(program: Path) -> Any:
    def load() -> Awaitable[None]:
        file = program / "__main__.py" if program.is_dir() else program
        if not file.exists():
            raise InvalidInput(
                Problem(
                    where=str(program),
                    problem="there is no __main__.py",
                    hint="add the program, or set `main`",
                )
            )
        if program.is_dir():
            sys.path.insert(0, str(program))
        # The file and not its folder: of a folder, Python takes bytecode that it kept of a text of the same
        # size and second, which need not be this one.
        runpy.run_path(str(file), run_name="__main__")
        return _begun()

    return load


async def _begun() -> None:
    """Let every registration begin before the SDK waits.

    It waits for the registrations that have begun, then for all outputs at once, again after each that
    ends. With none begun yet, that second wait is over every output of the program for each level of its
    dependencies: a second and a half at 1,000 sites.
    """
    await asyncio.sleep(0)
    await asyncio.sleep(0)


@contextlib.contextmanager
def _as_main(program: Path) -> Iterator[None]:
    """Set directory, arguments and path as for a started program; its output goes to stderr."""
    arguments, search, modules = sys.argv, list(sys.path), set(sys.modules)
    main = sys.modules.get("__main__")
    sys.argv = [str(program)]
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.argv = arguments
        sys.path[:] = search
        if main is not None:
            sys.modules["__main__"] = main
        for name in set(sys.modules) - modules:
            if _is_own(sys.modules[name], program if program.is_dir() else program.parent):
                del sys.modules[name]


def _is_own(module: Any, folder: Path) -> bool:
    """Return whether a module lies beside the program, so that the next run must load it again."""
    file = getattr(module, "__file__", None)
    if not file:
        return False
    name = module.__name__.partition(".")[0]
    return Path(file).is_relative_to(folder / name) or Path(file) == folder / f"{name}.py"


def _translate(error: Exception | SystemExit, root: Path) -> EngineError:
    """Return one error with the program's own file and line, or the problems that it has itself.

    A `RunError` is for people: one with `problems` states where, what and how to fix it, as ours do.
    """
    if isinstance(error, pulumi.RunError) and (problems := getattr(error, "problems", ())):
        names = [field.name for field in fields(Problem)]
        return InvalidInput(Problem(**{name: getattr(item, name) for name in names}) for item in problems)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_under(frame.filename, root)]
    where = ""
    if isinstance(error, SyntaxError) and error.filename and _is_under(error.filename, root):
        where = f"{Path(error.filename).relative_to(root)}:{error.lineno}:{error.offset}"
    elif own:
        where = f"{Path(own[-1].filename).relative_to(root)}:{own[-1].lineno}"
    is_plain = isinstance(error, pulumi.RunError)
    text = str(error) if is_plain else f"{type(error).__name__}: {error}"
    if isinstance(error, SystemExit):
        text = f"it ended itself before its end, with sys.exit({error.code!r})"
    return InvalidInput(
        Problem(
            where=where,
            problem=f"the program failed: {text}",
            hint="fix the program; nothing more was done",
            code="program",
        )
    )


def _is_under(file: str, root: Path) -> bool:
    path = Path(file)
    return path.is_absolute() and path.is_relative_to(root) and "site-packages" not in path.parts
