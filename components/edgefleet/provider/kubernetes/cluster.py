"""Objects in a cluster. A preview asks the server: its defaults and refusals are what an update gets."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar

from edgefleet.errors import EdgefleetError, OutsideFailure
from edgefleet.io import kubernetes_errors as errors
from edgefleet.io.clock import Clock
from edgefleet.io.environment import Incomplete
from edgefleet.io.kubernetes import ApiServer, Apply
from edgefleet.model.kubernetes import Kind, Object, Ref, at, beside, with_metadata
from edgefleet.provider.kubernetes import awaiting, managers
from edgefleet.provider.kubernetes.readiness import is_awaited, verdict
from edgefleet.provider.kubernetes.settings import Settings
from edgefleet.provider.kubernetes.state import drifted, imported, secret_texts, to_object, to_properties
from edgefleet.provider.kubernetes.target import Foreseen, Recorded, Seen, Wanted, Warn, planned_id

T = TypeVar("T")
APPEARS_WITHIN = 10.0
"""Seconds that a namespace or a kind, which the same program creates, may take to be known to the server."""
_NOT_YET = {errors.UNKNOWN_KIND, errors.MISSING}


class ClusterTarget:
    """The objects of one provider in one cluster.

    Args:
        server: the cluster.
        settings: the provider's.
        clock: where time comes from.
        foreseen: what the program creates besides.
        warn: reports a warning, beside the resource of a URN.
    """

    def __init__(
        self, server: ApiServer, settings: Settings, clock: Clock, foreseen: Foreseen, warn: Warn
    ) -> None:
        self._server, self._settings, self._clock, self._warn = server, settings, clock, warn
        self.namespace = settings.namespace
        self._foreseen = foreseen
        self._waiting = awaiting.Waiting(server, clock)
        self._replaced: dict[str, str] = {}
        """dict[URN -> UID of its recorded object, until it is deleted]."""
        self._lock = Lock()

    def compared(self, urn: str, recorded: Recorded) -> None:
        """Remember the object that a resource has on record, which a replacement may take the name of."""
        with self._lock:
            self._replaced[urn] = str(at(recorded.live, "metadata", "uid") or "")

    def is_namespaced(self, kind: Kind) -> bool | None:
        """Whether objects of a kind are in namespaces; None where the cluster does not have the kind yet."""
        resource = self._server.resource(kind)
        return None if resource is None else resource.is_namespaced

    # create

    def create(self, wanted: Wanted, *, is_preview: bool) -> tuple[str, dict[str, Any]]:
        """Create an object; one that this resource created before, unrecorded, is completed.

        Raises:
            Incomplete: it exists, but is not ready.
            EdgefleetError: it was not created.
        """
        if is_preview:
            return planned_id(wanted.item), self._previewed(wanted)
        wanted = self._patiently(lambda: self._placed(wanted))
        self._patiently(lambda: self._require_free(wanted))
        live = self._apply(wanted, None)  # as in the real plugin, only an update takes over from others
        return Ref.of(live).id, self._ready(wanted, live)

    def _placed(self, wanted: Wanted) -> Wanted:
        """An object whose kind only now is known to be namespaced is in the default namespace."""
        before = Ref.of(wanted.item)
        ref = self._in_namespace(before)
        if ref == before:
            return wanted
        metadata = {**wanted.item["metadata"], "namespace": ref.namespace}
        return replace(wanted, marks={**wanted.marks, "metadata": metadata})

    def _previewed(self, wanted: Wanted) -> dict[str, Any]:
        """The outputs that a creation would have; the inputs where the server cannot know yet."""
        if not wanted.is_known:
            return dict(wanted.marks)
        try:
            live = self._dry_run(wanted)
        except OutsideFailure as error:
            if errors.code_of(error) not in _NOT_YET:
                raise
            if not self._foreseen.explains(Ref.of(wanted.item)):
                self._warn(f"not verified with the cluster: {error}", wanted.urn)
            return dict(wanted.marks)
        live.pop("status", None)
        return wanted.outputs(live)

    def _dry_run(self, wanted: Wanted) -> Object:
        item, secrets = wanted.item, secret_texts(wanted.marks)
        try:
            return self._server.create_dry(item, secrets)
        except OutsideFailure as error:
            if errors.code_of(error) != errors.EXISTS:
                raise
            live = self._server.get(Ref.of(item))
            if live is not None and self._is_replaced(wanted.urn, live):
                return self._under_another_name(item, secrets)
            if live is None or not self._may_apply(wanted, live):
                raise
            return self._apply(wanted, None, is_preview=True)

    def _under_another_name(self, item: Object, secrets: frozenset[str]) -> Object:
        """The dry run of an object whose predecessor still has its name."""
        live = self._server.create_dry(beside(item), secrets)
        return with_metadata(live, name=item["metadata"]["name"])

    def _require_free(self, wanted: Wanted) -> None:
        """Return if there is no such object, or it is this resource's own; a strict dry run finds the rest.

        Raises:
            EdgefleetError: it cannot be created.
        """
        try:
            self._server.create_dry(wanted.item, secret_texts(wanted.marks))
        except OutsideFailure as error:
            if errors.code_of(error) != errors.EXISTS:
                raise
            live = self._server.get(Ref.of(wanted.item))
            if live is not None and self._is_replaced(wanted.urn, live):
                problem = "exists: it is the one to replace, and has the same name"
                hint = "leave out deleteBeforeReplace=False, or give the new one another name"
                raise OutsideFailure.at(Ref.of(wanted.item), errors.EXISTS, problem, hint) from None
            if live is not None and not self._may_apply(wanted, live):
                raise

    def _is_replaced(self, urn: str, live: Object) -> bool:
        with self._lock:
            return bool(uid := self._replaced.get(urn)) and at(live, "metadata", "uid") == uid

    def _may_apply(self, wanted: Wanted, live: Object) -> bool:
        """Whether a creation may go on with an object that exists."""
        return self._settings.upsert_existing_objects or managers.is_applied_by(live, wanted.manager)

    def _patiently(self, act: Callable[[], T]) -> T:
        """The result of `act`, as soon as the namespace and the kind that it needs are there."""
        end = self._clock.monotonic() + APPEARS_WITHIN
        while True:
            try:
                return act()
            except OutsideFailure as error:
                if errors.code_of(error) not in _NOT_YET or self._clock.monotonic() >= end:
                    raise
            self._clock.sleep(1)

    # read

    def read(self, recorded: Recorded, wanted: Wanted) -> Seen | None:
        """Look an object up; None if it is gone, or its kind is.

        Raises:
            Incomplete: it exists, but is not ready.
        """
        ref = recorded.ref
        if not ref.kind.name:
            ref = replace(ref, kind=Kind.of(wanted.item))
        try:
            live = self._server.get(self._in_namespace(ref))
        except OutsideFailure as error:
            if errors.code_of(error) == errors.UNKNOWN_KIND:
                return None
            if errors.code_of(error) == errors.UNREACHABLE and self._settings.delete_unreachable:
                self._warn_unreachable(wanted.urn, ref)
                return None
            raise
        if live is None:
            return None
        if not recorded.inputs:
            inputs = imported(live)
        else:
            before = recorded.live if recorded.outputs else None
            inputs = drifted(to_object(recorded.inputs), before, live)
        seen = replace(wanted, marks=to_properties(inputs, recorded.inputs))
        identity = recorded.id if recorded.inputs else Ref.of(live).id
        outputs = seen.outputs(live)
        if recorded.inputs and is_awaited(live) and not awaiting.is_skipped(inputs):
            self._require_ready(live, identity, outputs, dict(seen.marks))
        return Seen(identity, outputs, dict(seen.marks))

    def _in_namespace(self, ref: Ref) -> Ref:
        """A name without a namespace is in the provider's."""
        if ref.namespace or not self._server.require(ref.kind).is_namespaced:
            return ref
        return replace(ref, namespace=self.namespace)

    def _require_ready(
        self, live: Object, identity: str, outputs: dict[str, Any], inputs: Mapping[str, Any]
    ) -> None:
        state = verdict(live, self._server)
        if state.missing:
            problem = "is not ready: " + "; ".join(state.missing)
            error = OutsideFailure.at(Ref.of(live), "not-ready", problem, "run up to wait until it is")
            raise Incomplete(error.problems, id=identity, outputs=outputs, inputs=inputs)

    # update

    def update(self, recorded: Recorded, wanted: Wanted, *, is_preview: bool) -> dict[str, Any]:
        """Update an object in place.

        Raises:
            Incomplete: it was updated, but is not ready.
            EdgefleetError: it was not updated.
        """
        if is_preview and not wanted.is_known:
            return dict(wanted.marks)
        live = self._server.get(recorded.ref)
        if live is None:
            problem, hint = "is gone from the cluster", "run refresh, then up to create it again"
            raise OutsideFailure.at(recorded.ref, errors.MISSING, problem, hint)
        applied = self._apply(wanted, live, is_preview=is_preview)
        return wanted.outputs(applied) if is_preview else self._ready(wanted, applied)

    def _apply(self, wanted: Wanted, live: Object | None, *, is_preview: bool = False) -> Object:
        """Apply an object over the `live` one, if there is one."""
        if live is not None and managers.has_former(live) and not is_preview:
            live = self._server.replace_managers(live, managers.taken_over(live, wanted.manager))
        item = wanted.item
        if live is not None and wanted.ignored:
            item = managers.without_ignored(item, live, wanted.ignored, wanted.manager)
        is_forced = self._settings.enable_patch_force or managers.is_forced(item, live, is_preview=is_preview)
        how = Apply(
            manager=wanted.manager,
            is_forced=is_forced,
            is_dry=is_preview,
            secrets=secret_texts(wanted.marks),
        )
        return self._server.apply(item, how)

    def _ready(self, wanted: Wanted, live: Object) -> dict[str, Any]:
        """The outputs of an object once it is ready.

        Raises:
            Incomplete: it is not, or that cannot be found out; it exists all the same.
        """
        latest = [live]
        try:
            if not awaiting.is_skipped(wanted.item):
                patience = awaiting.patience_of(wanted.item, wanted.timeout)
                live = self._waiting.until_ready(live, patience, latest.append)
        except EdgefleetError as error:
            outputs = wanted.outputs(latest[-1])
            raise Incomplete(error.problems, id=Ref.of(live).id, outputs=outputs) from None
        return wanted.outputs(live)

    # delete

    def delete(self, recorded: Recorded, timeout: float) -> None:
        """Delete an object, and wait until it is gone; success if it, or its kind, is not there."""
        ref, uid = recorded.ref, str(at(recorded.live, "metadata", "uid") or "")
        try:
            is_there = self._server.delete(
                ref, uid=uid, propagation=awaiting.propagation_of(recorded.applied)
            )
        except OutsideFailure as error:
            if errors.code_of(error) == errors.UNREACHABLE and self._settings.delete_unreachable:
                self._warn_unreachable("", ref)
            elif errors.code_of(error) != errors.UNKNOWN_KIND:
                raise
            is_there = False
        if is_there and awaiting.awaits_deletion(recorded.applied):
            self._waiting.until_gone(ref, uid, awaiting.patience_of(recorded.applied, timeout))
        with self._lock:
            self._replaced = {urn: other for urn, other in self._replaced.items() if other != uid}

    def _warn_unreachable(self, urn: str, ref: Ref) -> None:
        self._warn(
            f"{ref}: its cluster does not answer, and with deleteUnreachable it is taken to be gone", urn
        )
