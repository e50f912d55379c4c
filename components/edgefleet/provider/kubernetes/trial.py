"""What an API server refuses of objects, all at once and before any of them is a resource.

An engine stops at the first resource that fails, and the real plugin's preview lets a misspelt field pass. So
a program has its objects tried first: a strict creation without effect. An object that exists is tried under
another name, one whose namespace does not exist yet in the default one. What cannot be tried, for lack of a
right or of a CRD, is left to the provider.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TypeVar

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem
from edgefleet.io import kubernetes_errors as errors
from edgefleet.io.kubeconfig import read_access
from edgefleet.io.kubernetes import ApiServer, Apply
from edgefleet.io.web import Policy
from edgefleet.model.kubernetes import DEFAULT_NAMESPACE, Kind, Object, Ref, beside, with_metadata

POLICY = Policy(attempts=1)
MANAGER = "edgefleet-trial"
AT_ONCE = 8
_NAMESPACE = Kind("v1", "Namespace")
_LEFT = {errors.FORBIDDEN, errors.UNKNOWN_KIND, errors.MISSING, errors.EXISTS}
T = TypeVar("T")


def refusals(kubeconfig: str, objects: Sequence[tuple[T, Object]]) -> Iterator[tuple[T, Object, Problem]]:
    """(mark, object, problem) for each problem that the server of a kubeconfig names.

    Args:
        kubeconfig: its content.
        objects: (mark, object); what the mark is, is up to the caller.
    """
    try:
        server = ApiServer(read_access(kubeconfig), policy=POLICY)
        has = cache(partial(_has_namespace, server))

        def refused(item: Object) -> tuple[Problem, ...]:
            is_there = has(Ref.of(item).namespace)
            return _refused(server, item if is_there else with_metadata(item, namespace=DEFAULT_NAMESPACE))

        with ThreadPoolExecutor(AT_ONCE) as pool:  # each request has a connection of its own
            found = pool.map(refused, (item for _, item in objects))
            for (mark, item), problems in zip(objects, found, strict=True):
                for problem in problems:
                    yield mark, item, problem
    except EdgefleetError:  # it cannot be reached: the provider reports that, with what it was to do
        return


def _has_namespace(server: ApiServer, name: str) -> bool:
    """Whether it exists, as far as this login may know."""
    try:
        return not name or server.get(Ref(_NAMESPACE, name)) is not None
    except OutsideFailure as error:
        if errors.code_of(error) != errors.FORBIDDEN:
            raise
        return True


def _refused(server: ApiServer, item: Object) -> tuple[Problem, ...]:
    try:
        if _tried(server, item) == errors.EXISTS:
            _tried(server, beside(item))
    except InvalidInput as refusal:
        return () if _applies(server, item) else refusal.problems
    return ()


def _applies(server: ApiServer, item: Object) -> bool:
    """Whether an object exists and can become `item`: its own port is free to it alone."""
    if server.get(Ref.of(item)) is None:
        return False
    try:
        server.apply(item, Apply(manager=MANAGER, is_forced=True, is_dry=True))
    except InvalidInput:
        return False
    return True


def _tried(server: ApiServer, item: Object) -> str:
    """Why the object could not be tried; empty where it was.

    Raises:
        InvalidInput: the server refuses it.
    """
    try:
        server.create_dry(item)
    except OutsideFailure as error:
        if (code := errors.code_of(error)) not in _LEFT:
            raise
        return code
    return ""
