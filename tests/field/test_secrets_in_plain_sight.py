"""Kind: a credential that stands in a file of the project, and so in git, the state, previews and logs.

Sources: k3s docs, cli/server (``vpn-auth``, ``etcd-s3-secret-key``, ``datastore-endpoint``); issue 2 of
tailscale/terraform-cloudinit-tailscale ("The auth key is currently going to be in plain text").
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from tests.fleetfile.test_hostile import document, problems_of
from tests.site.conftest import GOLDEN, KEY, PASSPHRASES, spec_of

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.model.k3s_config import SECRET
from edgefleet.model.paths import format_path
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain, to_plain
from edgefleet.model.stack_secrets import flaws, references, revealed, secrets_used
from edgefleet.model.syntax import Grammar
from edgefleet.model.type_introspection import fields_of, shape_of
from edgefleet.site.render import MASKED, render_site, render_tree

CANARY = "canary-7f3a"
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAdWTir664y2SylPXTmezFVyd60QnEiB1WNSzvoIs2Ot"
VALUES = {"users.ops.password": f"$6$salt${CANARY}"}
"""dict[secret field -> a value of its form]; the others take a login."""
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"
WIFI = {"ssid": "shop", "country": "DE"}


LOGIN = {"identity": "shop", "ca": CERTIFICATE}


def wired(**settings: Any) -> dict[str, Any]:
    """A wired link by 802.1X, with a secret in `settings`."""
    login = {**LOGIN, **settings}
    return {"network": {"interface": "enp1s0", "auth": login}, "image": {"renderer": "networkd"}}


def mobile(**settings: Any) -> dict[str, Any]:
    """A modem, with a secret in `settings`."""
    modem = {"apn": "internet.example", **settings}
    return {"network": {"modem": modem}, "image": {"renderer": "NetworkManager"}}


def beside(it: Any) -> dict[str, Any]:
    """Wi-Fi with `it` as the passphrase of a further network."""
    return {**WIFI, "open": True, "others": [{"ssid": "back", "passphrase": it}]}


KNOWN: dict[str, Callable[[Any], dict[str, Any]]] = {
    "network.wifi.passphrase": lambda it: {"network": {"wifi": {**WIFI, "passphrase": it}}},
    "proxy.credentials": lambda it: {"proxy": {"https": "http://proxy.example:3128", "credentials": it}},
    "breakGlass.ssm.activation": lambda it: {
        "breakGlass": {"ssm": {"region": "eu-central-1", "activation": it}}
    },
    "network.links.guests.wifi.passphrase": lambda it: {
        "network": {"links": {"guests": {"wifi": {**WIFI, "passphrase": it}, "interface": "wlan1"}}}
    },
    **{
        f'registries["docker.io"].{key}': lambda it, key=key: {"registries": {"docker.io": {key: it}}}  # type: ignore[misc]  # the key of this turn
        for key in ("credentials", "identityToken")
    },
    'registries["docker.io"].clientKey': lambda it: {
        "registries": {"docker.io": {"clientKey": it, "clientCertificate": CERTIFICATE}}
    },
    "network.auth.password": lambda it: wired(method="peap", password=it),
    "network.auth.key": lambda it: wired(method="tls", certificate=CERTIFICATE, key=it),
    "network.modem.pin": lambda it: mobile(pin=it),
    "network.modem.credentials": lambda it: mobile(credentials=it),
    "network.wifi.others[0].passphrase": lambda it: {"network": {"wifi": beside(it)}},
    "network.links.guests.wifi.others[0].passphrase": lambda it: {
        "network": {"links": {"guests": {"wifi": beside(it), "interface": "wlan1"}}}
    },
    "k3s.token": lambda it: {"k3s": {"token": it}},
    "k3s.agentToken": lambda it: {"k3s": {"agentToken": it}},
    "users.ops.password": lambda it: {"users": {"ops": {"sshKeys": [SSH_KEY], "password": it}}},
    **{
        f"k3s.config.{key}": lambda it, key=key: {"k3s": {"config": {key: it}}}  # type: ignore[misc]  # the key of this turn
        for key in sorted(SECRET)
    },
}
"""dict[secret field -> settings of a site with a value there]."""
PLAIN: dict[str, Callable[[Any], dict[str, Any]]] = {
    "ntp[0]": lambda it: {"ntp": [it]},
    'sysctls["net.core.somaxconn"]': lambda it: {"sysctls": {"net.core.somaxconn": it}},
    'registries["docker.io"].endpoints[0]': lambda it: {"registries": {"docker.io": {"endpoints": [it]}}},
    "k3s.config.kubelet-arg[0]": lambda it: {"k3s": {"config": {"kubelet-arg": [it]}}},
    "k3s.config.etcd-s3-bucket": lambda it: {"k3s": {"config": {"etcd-s3-bucket": it}}},
    "proxy.https": lambda it: {"proxy": {"https": it}},
    "proxy.noProxy[0]": lambda it: {"proxy": {"https": "http://proxy.example:3128", "noProxy": [it]}},
    "network.wifi.ssid": lambda it: {
        "network": {"wifi": {"ssid": it, "country": "DE", "passphrase": {"secret": "shop"}}}
    },
}
"""Texts that may be secrets; the same."""
COMPUTED: dict[str, dict[str, Any]] = {
    "network.address": {"network": {"address": {"secret": "it"}, "gateway": "10.1.0.1"}},
    "network.dns[0]": {"network": {"dns": [{"secret": "it"}]}},
    "timezone": {"timezone": {"secret": "it"}},
    "labels.tier": {"labels": {"tier": {"secret": "it"}}},
    "k3s.version": {"k3s": {"version": {"secret": "it"}}},
    "k3s.releaseUrl": {"k3s": {"releaseUrl": {"secret": "it"}}},
    "commands[0]": {"commands": [{"secret": "it"}]},
    "k3s.config.cluster-cidr": {"k3s": {"config": {"cluster-cidr": {"secret": "it"}}}},
}


def loaded(folder: Path, site: dict[str, Any], **head: Any) -> Fleet:
    """The fleet of one site."""
    file = folder / "x.fleet.yaml"
    file.write_text(yaml.safe_dump(document(site, **head), sort_keys=False))
    return load_fleet(file, folder)


def refused(folder: Path, site: dict[str, Any], **head: Any) -> Problem:
    """The one problem of the fleet of one site."""
    (problem,) = problems_of(folder, document(site, **head))
    return problem


@pytest.mark.parametrize("path", KNOWN)
def test_a_secret_field_refuses_plain_text_and_its_hint_works(tmp_path: Path, path: str) -> None:
    problem = refused(tmp_path, KNOWN[path](f"me:{CANARY}"))
    assert ("plain-secret", f"sites.a.{path}") == (problem.code, problem.path)
    assert CANARY not in str(problem)
    assert "write {secret: NAME}, and set it: edgefleet init -s STACK --passphrase NAME" == problem.hint
    site = loaded(tmp_path, KNOWN[path]({"secret": "it"})).sites["a"]
    assert ["it"] == [*secrets_used(site)]


@pytest.mark.parametrize("path", [*KNOWN, *PLAIN])
def test_a_secret_is_in_no_spec_and_masked_in_every_file(tmp_path: Path, path: str) -> None:
    """The spec, which the state and previews hold, has the reference; the node's files are for root alone."""
    site = loaded(tmp_path, {**KNOWN, **PLAIN}[path]({"secret": "it"})).sites["a"]
    of_spec = path.replace("users.ops", "users[0]")
    assert of_spec in {format_path(place.path).removeprefix("nodes.n1.") for place in references(site)}
    assert site == from_plain(SiteSpec, to_plain(site))
    secrets = {"it": VALUES.get(path, f"me:{CANARY}"), "shop": "correct horse"}
    text = CANARY.encode()
    shown = render_tree(site, KEY, secrets)["n1"]
    whole = render_tree(site, KEY, secrets, shows_secrets=True)["n1"]
    holding = [name for name, data in whole.items() if text in data and name != "cidata/user-data"]
    assert holding
    assert [MASKED] * len(holding) == [shown[name] for name in holding]
    image = render_site(site, KEY, secrets)["n1"]
    modes = {file.path: file.mode for file in image.placed if text in file.content}
    assert [] == [name for name, mode in modes.items() if mode & 0o077]
    files = {name for name, data in image.contents.items() if text in data} - {"user-data"}
    assert [] == [name for name in files if not image.files[name].startswith("hmac-")]


@pytest.mark.parametrize("path", COMPUTED)
def test_a_value_that_edgefleet_computes_with_is_no_secret(tmp_path: Path, path: str) -> None:
    assert f"sites.a.{path}" == refused(tmp_path, COMPUTED[path]).path


def test_the_hub_takes_no_secret_of_sites(tmp_path: Path) -> None:
    problem = refused(tmp_path, {}, artifacts={"mirrors": {"https://github.com/": ["{secret: it}"]}})
    assert ('artifacts.mirrors["https://github.com/"][0]', "no-secret") == (problem.path, problem.code)


@pytest.mark.parametrize(
    ("case", "name", "secret", "what"),
    [
        ("raspberry-pi", "shop", "short", "a Wi-Fi passphrase"),
        ("raspberry-pi", "shop", "g" * 64, "a Wi-Fi passphrase"),
        ("raspberry-pi", "shop", "correct horse", ""),
        ("raspberry-pi", "shop", "0123456789abcdef" * 4, ""),
        ("data-disk", "proxy", "no-colon", "a proxy login"),
        ("shut-in", "ssm", "no separator", "an SSM activation"),
        ("shut-in", "ssm", "the-id:the:code", ""),
    ],
)
def test_a_secret_is_checked_where_it_stands(case: str, name: str, secret: str, what: str) -> None:
    """A Wi-Fi key is also taken as its 64 hex digits; no secret is repeated."""
    site = spec_of(GOLDEN / "recipe-1" / case)
    found = [problem for _, _, problem in flaws(site, {name: secret})]
    assert ([f"the stack's secret '{name}' is not {what}"] if what else []) == found
    with pytest.raises(InvalidInput, match=rf"the stack has no secret '{name}'"):
        revealed(site, {})


def test_each_secret_field_of_a_spec_has_a_case_here() -> None:
    """A new field with a credential is added to `KNOWN`, and so to the canaries.

    Links, wireless networks and logins are each of one class, wherever they stand.
    """

    def below(bare: Any, path: str) -> set[str]:
        inside = {key: shape_of(hint) for key, hint in fields_of(bare).items()}
        must = {
            f"{path}{key}"
            for key, shape in inside.items()
            if any(isinstance(note, Grammar) and note.refers == "must" for note in shape.notes)
        }
        deeper = (
            (key, kind) for key, shape in inside.items() for kind in (shape.bare, *get_args(shape.bare))
        )
        return must.union(*(below(kind, f"{path}{key}.") for key, kind in deeper if fields_of(kind)))

    found = {path.removeprefix("nodes.").removeprefix("settings.") for path in below(SiteSpec, "")}
    cases = {re.sub(r"(links|users|registries)(\.\w+|\[.+?\])|\[0\]", r"\1", path) for path in KNOWN}
    alike = re.compile(r"(?<=network\.)links\.|(?<=\.)others\.|(?<=\.)wifi\.(?=(others\.)?auth)")
    found, cases = ({alike.sub("", path) for path in paths} for paths in (found, cases))
    assert {path for path in cases if not path.startswith("k3s.config.")} == found


def test_references_are_replaced_and_the_rest_stays() -> None:
    """A spec without references is returned as it is."""
    site = spec_of(GOLDEN / "recipe-1" / "raspberry-pi")
    shown = revealed(site, PASSPHRASES)
    assert shown.nodes["n1"].network.wifi is not None
    assert PASSPHRASES["shop"] == shown.nodes["n1"].network.wifi.passphrase
    plain = replace(site, nodes={})
    assert plain is revealed(plain, {})
