"""Both sides of a change, rendered: the old one from the state, the new one from the fleet file.

No engine runs: the state holds a site's plain spec and its key, the fleet file gives the new spec, and
rendering is pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from edgefleet.commands import rendering, secrets, stack
from edgefleet.commands.masking import rendered
from edgefleet.commands.session import EngineName, Session
from edgefleet.commands.state_sites import Recorded, recorded_sites
from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.differ import changes
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import TOKEN, SiteInputs
from edgefleet.model.spec import from_plain, to_plain
from edgefleet.model.steps import Outcome, Step
from edgefleet.report import building, filediff, groups
from edgefleet.report.filediff import Rendered
from edgefleet.report.human import counted
from edgefleet.report.view import View
from edgefleet.site.render import render_site

BESIDE = frozenset({"store", "key", "passphrases", "images"})
"""Inputs of a site's images that are no part of its spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about which stack."""

    session: Session
    stack: str
    engine: EngineName = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A site before or after."""

    spec: SiteSpec
    key: str
    passphrases: dict[str, str]
    store: str

    @property
    def inputs(self) -> dict[str, Any]:
        """As its resource holds them."""
        passphrases = {"passphrases": self.passphrases} if self.passphrases else {}
        return to_plain(self.spec) | {"store": self.store, "key": self.key} | passphrases

    def digests(self) -> dict[str, dict[str, str | None]]:
        """dict[node -> {digest, identity}]."""
        images = render_site(self.spec, self.key, self.passphrases)
        return {node: {"digest": image.digest, "identity": image.identity} for node, image in images.items()}

    def files(self) -> dict[str, dict[str, Rendered]]:
        """dict[node -> dict[path -> file]]."""
        return rendered(self.spec, self.key, self.passphrases)


def lines(question: Question, what: str) -> Iterator[Text]:
    """What changes in the site or the numbered change `what`.

    Raises:
        InvalidInput: there is no such site or number.
    """
    fleet = stack.load(question.session.project, question.stack)
    before = recorded_sites(question.session, question.stack, question.engine, show_secrets=True)
    secret = secrets.required_fleet_secret(question.session, question.stack)
    comparison = Comparison(question=question, fleet=fleet, before=before, secret=secret)
    if what.startswith("#"):
        return _numbered(comparison, what)
    (name,) = stack.known_sites(fleet, [what], also=before)
    return _site(comparison, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The state and the fleet file beside each other."""

    question: Question
    fleet: Fleet
    before: Mapping[str, Recorded]
    secret: tuple[str, dict[str, str]]
    """The fleet secret and the Wi-Fi passphrases."""

    def old(self, name: str) -> Side | None:
        """The site as it was brought up; `None` for a new one."""
        found = self.before.get(name)
        if found is None:
            return None
        plain = {path: value for path, value in found.inputs.items() if path not in BESIDE}
        return Side(
            spec=from_plain(SiteSpec, plain),
            key=str(found.inputs["key"]),
            passphrases=dict(found.inputs.get("passphrases") or {}),
            store=found.store,
        )

    def new(self, name: str) -> Side | None:
        """The site as the fleet file has it; `None` for one that is gone."""
        spec = self.fleet.sites.get(name)
        if spec is None:
            return None
        secret, passphrases = self.secret
        return Side(
            spec=rendering.whole(self.fleet, secret, name),
            key=rendering.key(secret, spec),
            passphrases=rendering.used(self.fleet, name, passphrases, self.question.stack),
            store=self.fleet.images.store,
        )

    def view(self) -> View:
        """What preview would show, found without an engine."""
        names = dict.fromkeys((*self.fleet.sites, *self.before))
        outcome = Outcome(
            engine="local",
            stack=self.question.stack,
            operation="preview",
            result="succeeded",
            steps=tuple(self.step(name) for name in names),
        )
        seen = building.Seen(at=self.question.session.now(), fleet=self.fleet)
        return building.view(outcome, seen)

    def step(self, name: str) -> Step:
        """What would be done about one site."""
        old, new = self.old(name), self.new(name)
        if old is None or new is None:
            return _step(name, "create" if old is None else "delete")
        found = [change.path for change in changes(SiteInputs, old.inputs, new.inputs)]
        if not found:
            return _step(name, "same")
        return Step(
            urn=f"::{name}",
            type=TOKEN,
            op="replace" if old.store != new.store else "update",
            diff=tuple(found),
            old_inputs=old.inputs,
            new_inputs=new.inputs,
            old_outputs={"images": self.before[name].images},
            new_outputs={"images": new.digests()},
        )


def _step(name: str, op: Any) -> Step:
    return Step(urn=f"::{name}", op=op, type=TOKEN)


def _numbered(comparison: Comparison, what: str) -> Iterator[Text]:
    view = comparison.view()
    number = int(what[1:]) if what[1:].isdecimal() else 0
    group = next((each for each in view.groups if each.number == number), None)
    if group is None:
        there = f"there are #1 to #{len(view.groups)}" if view.groups else "nothing changes now"
        raise InvalidInput(
            Problem(
                code="unknown-change",
                problem=f"there is no change {what}",
                hint=f"{there}: edgefleet preview",
            )
        )
    yield from groups.whole(group)
    yield from _site(comparison, group.sites[0])
    if len(group.sites) > 1:
        yield Text(f"the other {counted(len(group.sites) - 1, 'site')} of {what} change in the same values")


def _site(comparison: Comparison, name: str) -> Iterator[Text]:
    old, new = comparison.old(name), comparison.new(name)
    was = old.files() if old else {}
    will = new.files() if new else {}
    before = comparison.before[name].digests if name in comparison.before else {}
    after = {node: image["digest"] for node, image in new.digests().items()} if new else {}
    for node in sorted({*was, *will}):
        yield Text(f"{name} {node}", "bold")
        yield from _digests(before.get(node), after.get(node))
        yield from filediff.lines(was.get(node, {}), will.get(node, {}))


def _digests(old: str | None, new: str | None) -> Iterator[Text]:
    if old == new:
        yield Text(f"    {new}  stays")
        return
    if old is not None:
        yield Text(f"    - {old}", "red")
    if new is not None:
        yield Text(f"    + {new}", "green")
