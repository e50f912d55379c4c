"""The Pulumi CLI as an `Engine`, through `pulumi.automation`.

It runs without progress output, which takes a minute and a half for 2,400 resources. Its events are read
instead, over the automation API's socket.
"""

import json
import os
import re
import signal
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pulumi import automation
from pulumi.automation._stack import StackInitMode
from semver import VersionInfo

from edgefleet.engine.api import OnEvent, Options, Resource, StackState
from edgefleet.engine.configuration import with_passphrase
from edgefleet.engine.outcomes import Collector, shown
from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Refused
from edgefleet.model.steps import Diagnostic, Operation, Outcome
from edgefleet.provider.properties import SIGNATURE

OLDEST = VersionInfo(3, 229, 0)
"""The first CLI that supports this project's Pulumi.yaml."""
_CREATING = frozenset({"preview", "up"})
"""Operations that create a missing stack."""
_CRASHES = ("Program failed with an unhandled exception", "python inline source runtime error")
"""Beginnings of messages: of the language host, and of an inline program's."""
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


class _Workspace(automation.LocalWorkspace):
    """A workspace that does not change which stack the user has selected."""

    def select_stack(self, stack_name: str) -> None:
        """Leave the user's selection; every command names its stack."""

    def create_stack(self, stack_name: str) -> None:
        """Create an empty stack, and leave the user's selection."""
        self._run_pulumi_cmd_sync(["stack", "init", stack_name, "--no-select"])


class _Stack(automation.Stack):
    """A stack whose outputs and history are not queried after a run: its events hold them."""

    def outputs(self) -> automation.OutputMap:
        """Skip the outputs: events hold them."""
        return {}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:  # noqa: FBT001, FBT002, ARG002 - as the SDK has it
        """Skip the history."""
        return automation.UpdateSummary("update", datetime.now(UTC), "", {}, {}, "succeeded")


class PulumiCli:
    """Runs the project with the ``pulumi`` on PATH."""

    name: Literal["pulumi"] = "pulumi"

    def __init__(
        self,
        *,
        command: automation.PulumiCommand | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        program: Callable[[], Any] | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            command: The CLI; by default the one on PATH.
            environ: Variables beside those of this process.
            clock: Seconds of a monotonic clock.
            program: Runs in this process in place of the project's own; it needs no language host.
        """
        self._command = command
        self._program = program
        self._environ = environ
        self._clock = clock

    def run(self, operation: Operation, options: Options, on_event: OnEvent | None = None) -> Outcome:
        """Preview, bring up, refresh or destroy a stack; see `Engine.run`."""
        started = self._clock()
        collector = Collector(on_event)
        result: Literal["succeeded", "failed", "cancelled"] = "succeeded"
        with _interrupts() as interrupts:
            try:
                self._call_or_create(operation, options, collector)
            except automation.CommandError as error:
                result = "cancelled" if interrupts else "failed"
                if not interrupts:
                    _explain(error, collector, options)
        return collector.outcome(
            "pulumi", options.stack, operation, result=result, seconds=self._clock() - started
        )

    def state(self, options: Options, *, show_secrets: bool = False) -> StackState:
        """Return a stack's state; see `Engine.state`."""
        try:
            deployment = self._stack(options).export_stack().deployment or {}
        except automation.CommandError as error:
            raise _translate(error, options) from error
        return StackState(
            resources=tuple(
                _resource(item, show_secrets=show_secrets)
                for item in deployment.get("resources", ())
                if not item.get("delete")
            )
        )

    def _call_or_create(self, operation: Operation, options: Options, on_event: OnEvent) -> None:
        """Run, and create a missing stack first, as the embedded engine does."""
        try:
            self._call(operation, options, on_event)
        except automation.StackNotFoundError:
            if operation not in _CREATING:
                raise
            self._stack(options).workspace.create_stack(options.stack)
            self._call(operation, options, on_event)

    def _call(self, operation: Operation, options: Options, on_event: OnEvent) -> None:
        stack = self._stack(options)
        arguments: dict[str, Any] = {
            "on_event": on_event,
            "color": "never",
            "parallel": options.parallel,
            "target": [_target(name) for name in options.targets] or None,
            "suppress_progress": True,
            "suppress_outputs": True,
        }
        if operation == "refresh":
            clears = options.clear_pending or None
            stack.refresh(**arguments, show_secrets=False, clear_pending_creates=clears)
            return
        arguments["refresh"] = options.refresh or None
        if operation == "preview":
            stack.preview(**arguments)
        elif operation == "up":
            stack.up(**arguments, show_secrets=False)
        else:
            stack.destroy(**arguments, show_secrets=False)

    def _stack(self, options: Options) -> automation.Stack:
        command = self._command or find_command()
        if command is None:
            raise InvalidInput.at(
                "",
                "no-cli",
                f"there is no `pulumi` {OLDEST} or newer on PATH",
                "install it, or use the embedded engine (`--engine local`)",
            )
        workspace = _Workspace(
            work_dir=str(options.project),
            pulumi_command=command,
            program=self._program,
            env_vars=self._variables(options.project),
        )
        return _Stack(options.stack, workspace, StackInitMode.SELECT)

    def _variables(self, project: Path) -> dict[str, str]:
        variables = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", **(self._environ or {})}
        # edgefleet's own plugin is beside its command, also where no environment is active.
        places = [variables.get("PATH", os.defpath), sysconfig.get_path("scripts")]
        return with_passphrase({**variables, "PATH": os.pathsep.join(places)}, project)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """The interrupts so far: they are left to the CLI, which gets them from the terminal, too.

    It ends its steps and saves; its events then report what the state has.
    """
    interrupts: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def find_command() -> automation.PulumiCommand | None:
    """Return the CLI on PATH, or None if there is none that is new enough."""
    try:
        command = automation.PulumiCommand()
    except Exception:  # noqa: BLE001 - the SDK raises bare exceptions for a CLI that is missing, broken or too old
        return None
    return command if command.version is not None and command.version >= OLDEST else None


def _target(name: str) -> str:
    """Return a target in the CLI's form: a URN, or a pattern that ends in a resource's name."""
    return name if name.startswith("urn:") or "::" in name else f"**::{name}"


def _explain(error: automation.CommandError, collector: Collector, options: Options) -> None:
    """Raise an error that is not a failed step.

    Raises:
        EdgefleetError: the program, the stack or the CLI is at fault, no step.
    """
    for diagnostic in collector.errors:
        if any(text in diagnostic.message for text in _CRASHES):
            raise _crash(diagnostic, options.project) from error
    if not collector.errors:
        raise _translate(error, options) from error


def _crash(diagnostic: Diagnostic, project: Path) -> EdgefleetError:
    """Cut a program's traceback down to its own file and line, as the embedded engine does."""
    root = project.resolve()
    where = ""
    for file, line in _FRAME.findall(diagnostic.message):
        path = Path(file)
        if path.is_absolute() and path.is_relative_to(root) and "site-packages" not in path.parts:
            where = f"{path.relative_to(root)}:{line}"
    lines = [line for line in diagnostic.message.splitlines() if line.strip()]
    return InvalidInput.at(
        where, "program", f"the program failed: {lines[-1].strip()}", "fix the program; nothing more was done"
    )


def _translate(error: automation.CommandError, options: Options) -> EdgefleetError:
    text = str(error)
    if isinstance(error, automation.StackNotFoundError):
        return InvalidInput.at(
            "",
            "no-stack",
            f"there is no stack called {options.stack!r}",
            f"make it: `edgefleet init -s {options.stack}` or `pulumi stack init {options.stack}`",
        )
    reason = _reason(text)
    if isinstance(error, automation.ConcurrentUpdateError) or "currently locked" in text:
        return Refused.at("", "locked", reason, "wait for it, or `pulumi cancel`")
    if "incorrect passphrase" in text or "passphrase must be set" in text:
        hint = "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the stack's"
        return InvalidInput.at("", "wrong-passphrase", reason, hint)
    return OutsideFailure.at("", "cli", f"pulumi: {reason}", "see its message")


def _reason(text: str) -> str:
    """Find the CLI's own error in its output."""
    lines = [line.strip() for line in text.splitlines()]
    errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
    messages = [line for line in errors if line]
    return (
        messages[-1] if messages else next((line for line in reversed(lines) if line), "it failed silently")
    )


def _resource(item: Mapping[str, Any], *, show_secrets: bool) -> Resource:
    return Resource(
        urn=item["urn"],
        type=item["type"],
        id=item.get("id", ""),
        inputs=_clear(item.get("inputs", {}), show_secrets=show_secrets),
        outputs=_clear(item.get("outputs", {}), show_secrets=show_secrets),
        created=item.get("created", ""),
        modified=item.get("modified", ""),
    )


def _clear(value: Any, *, show_secrets: bool) -> Any:
    if isinstance(value, dict):
        if show_secrets and SIGNATURE in value and "plaintext" in value:
            return _clear(json.loads(value["plaintext"]), show_secrets=True)
        if SIGNATURE in value:
            return shown(value)
        return {key: _clear(item, show_secrets=show_secrets) for key, item in value.items()}
    return [_clear(item, show_secrets=show_secrets) for item in value] if isinstance(value, list) else value
