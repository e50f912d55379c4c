"""Waiting until an object is ready or gone, as long as its annotations or customTimeouts allow.

The object is looked up again and again, with growing pauses: a watch needs a connection that stays.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgefleet.errors import EdgefleetError, OutsideFailure
from edgefleet.io.clock import Clock
from edgefleet.io.kubernetes import ApiServer
from edgefleet.model.kubernetes import Kind, Object, Ref, annotation, at
from edgefleet.provider.kubernetes.readiness import Verdict, pod_problems, pods_of, verdict

PATIENCE = 600.0
"""Seconds that something may take, by default; the real plugin's."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
SKIP, TIMEOUT = "pulumi.com/skipAwait", "pulumi.com/timeoutSeconds"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"
_SKIPPED_AT_DELETION = frozenset(
    {
        ("", "Namespace"),
        ("", "Pod"),
        ("", "ReplicationController"),
        ("apps", "DaemonSet"),
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("batch", "Job"),
    }
)
"""Kinds whose deletion is not awaited with `SKIP`, as in the real plugin."""


def patience_of(item: Object, timeout: float) -> float:
    """Seconds: customTimeouts, else the annotation, else `PATIENCE`."""
    stated = annotation(item, TIMEOUT)
    return timeout or (float(stated) if stated.isascii() and stated.isdecimal() else PATIENCE)


def is_skipped(item: Object) -> bool:
    """Whether nothing is waited for."""
    return annotation(item, SKIP) == "true"


def propagation_of(item: Object) -> str:
    """What becomes of an object's dependents when it is deleted."""
    stated = annotation(item, PROPAGATION).capitalize()
    return stated if stated in {"Orphan", "Background"} else "Foreground"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Waits for objects of one cluster."""

    server: ApiServer
    clock: Clock

    def until_ready(self, live: Object, patience: float, seen: Callable[[Object], None]) -> Object:
        """The live object once it is ready.

        Args:
            live: the object as it was applied.
            patience: seconds.
            seen: gets each later version.

        Raises:
            OutsideFailure: it is not ready in time, cannot become so, or was deleted.
        """
        ref, since = Ref.of(live), self.clock.monotonic()
        state = Verdict()
        for now in self._pauses(patience):
            state = verdict(live, self.server)
            if state.is_final or (not state.missing and now - since >= state.settles):
                break
            since = now if state.missing else since
            found = self.server.get(ref)
            if found is None:
                raise OutsideFailure.at(ref, "deleted", "was deleted before it was ready", "run up again")
            seen(live := found)
        if state.missing:
            raise self._not_ready(live, state, patience)
        return live

    def _not_ready(self, live: Object, state: Verdict, patience: float) -> OutsideFailure:
        ref = Ref.of(live)
        late = "cannot become ready" if state.is_final else f"is not ready within {patience:.0f} s"
        reasons = [*state.missing, *self._pod_problems(live)]
        hint = "fix what it waits for, then run up again; it exists, and up goes on with it"
        return OutsideFailure.at(ref, "not-ready", f"{late}: " + "; ".join(reasons), hint)

    def _pod_problems(self, live: Object) -> list[str]:
        try:
            return pod_problems(pods_of(live, self.server))
        except EdgefleetError:  # the pods only explain; what is wrong is known without them
            return []

    def until_gone(self, ref: Ref, uid: str, patience: float) -> None:
        """Return once there is no such object, or another one of its name.

        Raises:
            OutsideFailure: it is still there; what keeps it is named.
        """
        live: Object | None = None
        for _ in self._pauses(patience):
            live = self.server.get(ref)
            if live is None or (uid and at(live, "metadata", "uid") != uid):
                return
        kept = ", ".join(at(live, "metadata", "finalizers") or []) or "its dependents"
        problem = f"is being deleted, but was not gone within {patience:.0f} s: {kept} may keep it"
        hint = "check the controllers that remove its finalizers, then run again"
        raise OutsideFailure.at(ref, "not-gone", problem, hint)

    def _pauses(self, patience: float) -> Iterator[float]:
        """Goes on at once, then after growing pauses, until `patience` seconds are over; yields the time."""
        end, pause = self.clock.monotonic() + patience, _FIRST_PAUSE
        yield self.clock.monotonic()
        while (left := end - self.clock.monotonic()) > 0:
            self.clock.sleep(min(pause, left))
            pause = min(1.5 * pause, _LONGEST_PAUSE)
            yield self.clock.monotonic()


def awaits_deletion(item: Object) -> bool:
    """Whether the deletion of an object is waited for."""
    return not (is_skipped(item) and Kind.of(item).key in _SKIPPED_AT_DELETION)
