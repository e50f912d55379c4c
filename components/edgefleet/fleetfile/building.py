"""Build sites from validated parts: resolve references and values, then check them together."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any, Literal

from edgefleet.errors import Problem
from edgefleet.fleetfile import hub_agents, hub_edge_objects, hub_kubeedge, waves
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.fleetfile.channel import check_access
from edgefleet.fleetfile.closure import Payloads, not_carried
from edgefleet.fleetfile.consistency import Owners, check_backup, check_site, runtimes_used, too_small
from edgefleet.fleetfile.image_forms import ImageForms
from edgefleet.fleetfile.levels import dropped
from edgefleet.fleetfile.partial import build
from edgefleet.fleetfile.placement import unknown, vocabulary
from edgefleet.fleetfile.platforms import Platforms
from edgefleet.fleetfile.provenance import Membership
from edgefleet.fleetfile.rendering import Renderer, newest
from edgefleet.fleetfile.resolution import ONLY_NODE, Resolver, Written
from edgefleet.fleetfile.running import Running
from edgefleet.fleetfile.table import Row
from edgefleet.fleetfile.validation import OF_ONE_NODE, Parts
from edgefleet.fleetfile.waves import WaveSites
from edgefleet.model.hub import Hub
from edgefleet.model.paths import Part, format_path, parse_path
from edgefleet.model.programs import KUBEEDGE
from edgefleet.model.rollout import Rollout
from edgefleet.model.selection import Selection
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import nearest, shown
from edgefleet.runtimes import RUNTIMES
from edgefleet.runtimes.base.k3s import unpinned
from edgefleet.workloads import KINDS
from edgefleet.workloads.base.spec import Workload


class Building:
    """Builds the sites of one fleet file and reports their problems."""

    def __init__(self, *, parts: Parts, written: Written, unique: Literal["fleet", "site"]) -> None:
        self.parts = parts
        self.written = written
        self.resolver = Resolver(written)
        self.owners = Owners(unique)
        self.runtimes: Counter[tuple[str, str]] = Counter()
        self.built: dict[str, SiteSpec] = {}
        self.at_hub: dict[str, dict[str, Any]] = {}
        """dict[workload -> its entry at the hub]."""
        self.skipped: set[str] = set()
        """Sites whose own parts are valid but that could not be built."""
        self.inherited: dict[tuple[str, str], int] = {}
        """dict[(code, where) of a reported problem of an inherited value -> its position]."""
        self.repeats: Counter[int] = Counter()

    def sites(self, written: Mapping[str, Mapping[str, Any]]) -> dict[str, SiteSpec]:
        """dict[name -> site] of valid sites; the others are reported."""
        without_version: list[str] = []
        for name, site in written.items():
            member = self.resolver.membership(site)
            if not self._refers(name, site, member):
                self.skipped.add(name)
                continue
            spec = self.resolver.site(name, site, member)
            if spec is None:
                without_version.append(name)
                self.skipped.add(name)
                continue
            self._check_levels(spec, member)
            self.built[name] = spec
            self.parts.provenance.members[name] = member
            self.runtimes.update(runtimes_used(spec, member))
        for spec in self.built.values():
            self._check(spec, written[spec.name])
        self._check_versions(without_version)
        self._check_profiles()
        self._count_repeats()
        return self.built

    def profiles_used(self) -> dict[str, int]:
        """dict[profile -> number of nodes]."""
        used = dict.fromkeys(self.written.profiles, 0)
        for (profile, _), count in self.runtimes.items():
            used[profile] += count
        return used

    def rollout(self, written: Mapping[str, Any]) -> tuple[Rollout, tuple[WaveSites, ...]]:
        """The policy, and the waves with the names of their sites."""
        rollout = build(Rollout, written)
        prefix = ("rollout", "waves")
        already = len(self.parts.problems)
        self._check_selections(((*prefix, at, "where"), wave.where) for at, wave in enumerate(rollout.waves))
        place = partial(waves.position, self.written.fleet, self.written.region)
        choosing = waves.Choosing(sites=self.built, members=self.parts.provenance.members, position=place)
        chosen = choosing.waves(rollout.waves)
        findings = [*waves.check_written(rollout.waves)]
        if self.built and self._is_whole() and len(self.parts.problems) == already and not findings:
            findings += waves.check_sites(rollout.waves, chosen)
        for finding in findings:
            self.parts.report((*prefix, *finding.path), finding.code, finding.problem, finding.hint)
        return rollout, chosen

    def check_revoked(self, revoked: Mapping[str, int]) -> None:
        """Report key generations that no image of a site has had: nobody can have lost them."""
        for name, last in revoked.items():
            latest = self.built[name].key_generation if name in self.built else last
            if last > latest:
                problem = f"{name} is at key generation {latest}, and {last} would revoke its next images too"
                self.parts.report(("revoked", name), "revoked-future", problem, f"write {latest} or less")

    def workloads(self, written: Mapping[str, Mapping[str, Any]]) -> dict[str, Workload]:
        """dict[name -> workload], sorted by name; unknown names in their placement are reported."""
        specs = {name: build(KINDS[written[name]["kind"]].spec, written[name]) for name in sorted(written)}
        self._check_selections((("workloads", name, "where"), spec.where) for name, spec in specs.items())
        return specs

    def _check_selections(self, selections: Iterable[tuple[tuple[Part, ...], Selection]]) -> None:
        """Report names, labels and capabilities in (path, selection) that nothing has."""
        known = vocabulary(self.built.values(), self.written) if self._is_whole() else None
        for path, by in selections:
            for section in ("sites", "groups", "profiles"):
                for position, other in enumerate(getattr(by, section) or ()):
                    self._is_known(section, other, (*path, section, position))
            for problem in unknown(by, known) if known is not None else ():
                place = format_path((*path, *parse_path(problem.path)))
                self.parts.problems.append(self._located(replace(problem, path=place)))

    def _is_whole(self) -> bool:
        """Whether all parts of the fleet file are valid so far."""
        return not (self.skipped or self.parts.unread or any(self.parts.left_out.values()))

    def check_edge(self, hub: Hub, prefix: tuple[Part, ...]) -> None:
        """Report what KubeEdge's kinds at the hub, declared at `prefix`, name of sites, and nothing has."""
        if hub.kubeedge is None:
            return
        chosen = hub_edge_objects.selections(hub.kubeedge)
        self._check_selections(((*prefix, *path), by) for path, by in chosen)
        for name, device in hub.kubeedge.devices.items():
            self._is_known("sites", device.site, (*prefix, KUBEEDGE, "devices", name, "site"))
        if self._is_whole():
            members = self.parts.provenance.members
            for problem in hub_edge_objects.check_nodes(hub.kubeedge, self.built, members):
                path = format_path((*prefix, *parse_path(problem.path)))
                self.parts.problems.append(self._located(replace(problem, path=path)))

    def rendered(
        self, workloads: Mapping[str, Workload], hub: Hub, renderer: Renderer
    ) -> dict[str, Workload]:
        """`workloads` with the objects that others wrote; those that cannot be rendered are reported."""
        versions = [site.k3s.version for site in self.built.values() if site.k3s.version]
        done = renderer.specs(workloads, newest(versions or [hub.k3s.version]))
        self.parts.left_out["workloads"] |= workloads.keys() - done.keys()
        return done

    def placed(
        self, workloads: Mapping[str, Workload], hub: Hub, renderer: Renderer, revoked: Mapping[str, int]
    ) -> dict[str, SiteSpec]:
        """The sites with their valid workloads; contradictions of and between workloads are reported."""
        running = Running(
            workloads={**workloads},
            left_out=self.parts.left_out["workloads"],
            hub=hub,
            revoked=revoked,
            hub_values={"fleet": self.written.fleet, "region": self.written.region},
            renderer=renderer,
        )
        problems = [*running.check_each(), *hub_kubeedge.check_workloads(workloads, hub)]
        self.built, between = running.placed(self.built, self.parts.provenance.members)
        self.at_hub = running.at_hub
        self.parts.problems += map(self._located, (*renderer.problems, *problems, *between))
        for site in self.built.values():
            for problem in running.clashes(site):
                self._report_inherited(self._located(problem))
            for problem in (*check_backup(site), *self._with_hub(site, hub)):
                self._report_inherited(self._placed(site, problem))
        self._count_repeats()
        return self.built

    def _with_hub(self, site: SiteSpec, hub: Hub) -> Iterator[Problem]:
        """What is wrong between a site and the hub; nothing where settings of the region are wrong."""
        if self.written.fleet:
            yield from hub_agents.check_site(site, hub)
            yield from hub_kubeedge.check_site(site, hub)

    def _located(self, problem: Problem) -> Problem:
        """The problem of a workload with its position."""
        path = parse_path(problem.path)
        of_workload = 2
        where = self.parts.provenance.near(path, of_key=len(path) == of_workload)
        return replace(problem, where=where)

    def carrying(self, lock: ArtifactsLock) -> dict[str, SiteSpec]:
        """The sites with the payloads of their images; artifacts that the lock must pin are reported."""
        carrying, platforms, forms = Payloads(lock), Platforms(lock), ImageForms(lock)
        filled = {name: carrying.filled(site) for name, site in self.built.items()}
        for site in filled.values():
            platforms.add(site)
            forms.add(site)
        self.parts.problems += map(self._located, forms.problems())
        for name, problem in platforms.problems():
            at = self._placed(self.built[name], problem) if name else self._located(problem)
            self.parts.problems.append(at)
        for lacking in carrying.lacking():
            if not platforms.lacks(lacking.need):
                self.parts.problems.append(self._placed(self.built[lacking.site], not_carried(lacking)))
        for site in filled.values():
            for problem in (*unpinned(site), *check_access(site)):
                self._report_inherited(self._placed(site, problem))
        self._count_repeats()
        return filled

    def _refers(self, name: str, site: Mapping[str, Any], member: Membership) -> bool:
        """Whether all references of the site exist and are valid; unknown names are reported."""
        base = ("sites", name)
        is_right = member.group is None or self._is_known("groups", member.group, (*base, "group"))
        nodes = self.resolver.nodes(site)
        if len(member.nodes) < len(nodes):
            if is_right and not self.parts.left_out["defaults"]:
                self._without_profile(name)
            return False
        if member.profile is not None and member.profile not in member.nodes.values():
            is_right &= self._is_known("profiles", member.profile, self._profile_path(name, site, ""))
        for node, profile in sorted(member.nodes.items()):
            is_right &= self._is_known("profiles", profile, self._profile_path(name, site, node))
        return is_right and self._has_node_values_in_nodes(name, site)

    def _profile_path(self, name: str, site: Mapping[str, Any], node: str) -> tuple[Part, ...]:
        """Path at which the profile of a node is declared."""
        group = site.get("group")
        if "profile" in site.get("nodes", {}).get(node, {}):
            return ("sites", name, "nodes", node, "profile")
        if "profile" in site:
            return ("sites", name, "profile")
        if group and "profile" in self.written.groups.get(group, {}):
            return ("groups", group, "profile")
        return ("defaults", "profile")

    def _is_known(self, section: str, name: str, path: tuple[Part, ...]) -> bool:
        written = {"profiles": self.written.profiles, "groups": self.written.groups, "sites": self.built}
        names = written[section]
        if name in names or section in self.parts.unread:
            return name in names
        left_out = self.parts.left_out[section] | (self.skipped if section == "sites" else set())
        if name not in left_out:
            kind = section.removesuffix("s")
            hint = nearest(name, [*names, *left_out], otherwise=f"add it under {section}")
            self._report_once(path, f"unknown-{kind}", f"no {kind} is called {shown(name)}", hint)
        return False

    def _without_profile(self, name: str) -> None:
        row = self.parts.provenance.rows.get(name)
        if isinstance(row, Row) and not {"profile", "group"} & set(row.table.columns):
            if (missing := row.table.missing_column("profile")) not in self.parts.problems:
                self.parts.problems.append(missing)
            return
        problem = "this site has no profile to define its hardware"
        hint = "set profile for the site, its group or defaults"
        self.parts.report(("sites", name), "no-profile", problem, hint, of_key=True)

    def _has_node_values_in_nodes(self, name: str, site: Mapping[str, Any]) -> bool:
        """Whether a site of several nodes declares values of a single node in that node."""
        if "nodes" not in site:
            return True
        network = site.get("network", {})
        misplaced = [("network", key) for name, key in OF_ONE_NODE.items() if name in network]
        for path in (*misplaced, *([("hostname",)] if "hostname" in site else [])):
            problem = f"{path[-1]} belongs to one node, and this site lists its nodes"
            hint = f"move it into one of them, such as nodes.{next(iter(site['nodes']))}.{'.'.join(path)}"
            self.parts.report(("sites", name, *path), "one-node-only", problem, hint, of_key=True)
        return not misplaced and "hostname" not in site

    def _check_levels(self, site: SiteSpec, member: Membership) -> None:
        """Report what the profile of a node sets for a whole site that has another profile."""
        for node, profile in member.nodes.items():
            if profile == member.profile:
                continue
            for path in dropped(self.written.profiles[profile], site):
                key = format_path(path)
                problem = f"{key} holds for a whole site, and {node} of {site.name} has another profile"
                hint = f"set {key} for the site, its group or in defaults"
                self._report_once(("profiles", profile, *path), "site-only", problem, hint)

    def _check(self, site: SiteSpec, written: Mapping[str, Any]) -> None:
        for problem in (*check_site(site), *self.owners.check(site)):
            placed = self._placed(site, problem)
            if "nodes" not in written:  # what a person cannot write is in no message
                path, hint = (text.replace(f"nodes.{ONLY_NODE}.", "") for text in (placed.path, placed.hint))
                placed = replace(placed, path=path, hint=hint)
            self._report_inherited(placed)

    def _placed(self, site: SiteSpec, problem: Problem) -> Problem:
        """The problem of a value of `site`, with its position in the fleet file."""
        where = self.parts.provenance.locate(site, problem.path)
        stack = PurePath(self.parts.provenance.text.shown).name.partition(".")[0]
        hint = problem.hint.replace("-s STACK", f"-s {stack}")
        return replace(problem, where=where, path=f"sites.{site.name}.{problem.path}", hint=hint)

    def _report_inherited(self, problem: Problem) -> None:
        """Report a problem, or count it where an earlier site inherits the same value."""
        first = self.inherited.setdefault((problem.code, problem.where), len(self.parts.problems))
        if first < len(self.parts.problems):
            self.repeats[first] += 1
        else:
            self.parts.problems.append(problem)

    def _report_once(self, path: tuple[Part, ...], code: str, problem: str, hint: str) -> None:
        where = self.parts.provenance.near(path)
        if (code, where) not in self.inherited:
            self.inherited[code, where] = len(self.parts.problems)
            self.parts.report(path, code, problem, hint)

    def _check_versions(self, names: Sequence[str]) -> None:
        if names and not self.parts.left_out["defaults"]:
            many = f" and at {len(names) - 1:,} more" if len(names) > 1 else ""
            problem = f"no version of k3s is given for {names[0]}{many}"
            hint = "set defaults.k3s.version, such as v1.36.4+k3s1"
            self.parts.report(("defaults",), "missing", problem, hint, of_key=True)

    def _check_profiles(self) -> None:
        for profile, runtime in sorted(self.runtimes):
            problem = too_small(profile, self.written.profiles[profile], RUNTIMES[runtime])
            if problem is not None:
                where = self.parts.provenance.near(parse_path(problem.path))
                self.parts.problems.append(replace(problem, where=where))

    def _count_repeats(self) -> None:
        """Add the number of affected sites to each problem of an inherited value: one cause is one error."""
        for position, more in self.repeats.items():
            self.parts.problems[position] = self.parts.problems[position].repeated(more)
        self.repeats.clear()
