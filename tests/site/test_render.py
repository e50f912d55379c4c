"""A site's images: the same bytes everywhere and always, and what each input does to them."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.images.elsewhere import ELSEWHERE, printed
from tests.keys.channel import pair
from tests.site.conftest import KEY

from edgefleet.boot import RECIPES
from edgefleet.errors import InvalidInput
from edgefleet.model import site as model_site
from edgefleet.model.authentication import Authentication
from edgefleet.model.base_system import Keyboard
from edgefleet.model.changes import declared_effect
from edgefleet.model.hardware import DataDisk, Proxy, RaspberryPi
from edgefleet.model.medium import PayloadFile
from edgefleet.model.network import Bond, FurtherLink, StaticRoute
from edgefleet.model.registries import Registry
from edgefleet.model.safety import Admission, Identity, Ssm, WireGuard
from edgefleet.model.site import Location, NodeSettings, SiteSpec, User
from edgefleet.model.spec import outside_name
from edgefleet.model.system import PlacedFile
from edgefleet.model.updates import Extension, OsUpdates, Repository, Window
from edgefleet.model.wireless import Modem, Wifi
from edgefleet.site.render import render_site, render_tree

BUILD = """
import sys, yaml
from pathlib import Path
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain
from edgefleet.site.render import render_site
for case in sys.argv[2:]:
    spec = from_plain(SiteSpec, yaml.safe_load(Path(case, "site.yaml").read_text()))
    secrets = {"shop": "correct horse battery staple", "ssm": "an-activation:its-code"}
    secrets["proxy"] = "till:p@ss/word"
    secrets["ops-password"] = "$6$saltsalt$" + "x" * 86
    images = render_site(spec, sys.argv[1], secrets)
    for node, image in images.items():
        print(case, node, image.seed)
"""


@pytest.fixture
def cases() -> list[Path]:
    """Every golden folder."""
    golden = Path(__file__).resolve().parents[1] / "golden"
    return sorted(path.parent for path in golden.glob("recipe-*/*/site.yaml"))


def test_images_are_the_same_under_another_zone_locale_path_and_umask(
    cases: list[Path], tmp_path: Path
) -> None:
    """Bit for bit: what surrounds a build leaves no trace in it."""
    first = printed(BUILD, KEY, *cases, at=tmp_path / "one")
    assert len(cases) <= len(first.splitlines())
    assert first == printed(BUILD, KEY, *cases, at=tmp_path / "an other", around=ELSEWHERE, umask=0o077)


@pytest.mark.skipif(shutil.which("faketime") is None, reason="needs faketime: apt-get install faketime")
def test_images_are_the_same_on_another_day(cases: list[Path], tmp_path: Path) -> None:
    """Built today, in 2031 and on a leap day."""
    today = printed(BUILD, KEY, *cases, at=tmp_path)
    for date in ("2031-07-01 12:00:00", "2028-02-29 23:59:59"):
        assert today == printed(BUILD, KEY, *cases, at=tmp_path, date=date)


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"
ROOT = pair(3).key.pem.strip()
OTHER: dict[str, Any] = {
    "recipe": None,
    "raspberry_pi": RaspberryPi(config=("dtparam=i2c_arm=on",)),
    "data_disk": DataDisk(device="/dev/disk/by-id/other"),
    "trusted_certificates": (CERTIFICATE,),
    "proxy": Proxy(https="http://other.example:3128"),
    "serial_console": "ttyS7",
    "spare_writes": None,
    "floor": "2031-01-01",
    "gateway6": "fe80::7",
    "image": None,
    "airgap": None,
    "allow": (Admission(port=8443),),
    "wireguard": WireGuard(endpoint="bastion.example:51820", public_key="A" * 43 + "=", network="fd00::/64"),
    "ssm": Ssm(region="eu-central-1", activation="{secret: ssm}"),
    "mqtt": "external",
    "identity": Identity(certificate="one\n", authority="other\n", hub="hub.example"),
    "payload": (PayloadFile(path="bin/k3s", digest="sha256:" + "0" * 64, size=1),),
    "name": "else",
    "first": "a",
    "virtual_address": "10.5.0.101",
    "wasm": ("crun-wasm",),
    "class_": "dark",
    "down": 1,
    "up": 2,
    "max_rate": 4_000_000,
    "roots": (ROOT,),
    "roles_anywhere": None,
    "location": Location(city="Bremen", country="DE", latitude=53.0, longitude=8.8),
    "runtime": None,
    "server": None,
    "users": (User(name="other", ssh_keys=("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA x",), is_admin=False),),
    "registries": {"docker.io": Registry(endpoints=("https://other.example",), rewrite={"a": "b"})},
    "config": {"snapshotter": "native"},
    "settings": NodeSettings(timezone="Pacific/Chatham"),
    "version": "v1.36.5+k3s1",
    "sha256": dict.fromkeys(("amd64", "arm64", "armhf"), "0" * 64),
    "bond": Bond(interfaces=("eth7", "eth8"), mode="802.3ad"),
    "routes": (StaticRoute(to="10.97.0.0/16", via="10.99.0.2"),),
    "links": {"cameras": FurtherLink(vlan=98)},
    "renderer": "NetworkManager",
    "modem": Modem(apn="other.example"),
    "auth": Authentication(method="peap", identity="other", ca="PEM", password="{secret: shop}"),  # noqa: S106 - a name
    "wifi": Wifi(ssid="other", passphrase="{secret: shop}"),  # noqa: S106 - a name
    "address": "10.99.0.9/24",
    "gateway": "10.99.0.1",
    "mac": "02:00:00:00:99:99",
    "vlan": 99,
    "extra_addresses": ("10.98.0.9/24",),
    "labels": {"tier": "other"},
    "files": {"/etc/other": PlacedFile(content="other\n")},
    "manifests": {"other": "apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"},
    "workloads": {"other": {"kind": "web", "image": "registry.example/other:1.0", "port": 80}},
    "sysctls": {"net.core.somaxconn": "1024"},
    "annotations": {"example.com/rack": "other"},
    "keyboard": Keyboard(layout="fr"),
    "repositories": {
        "other": Repository(source="https://other.example", suite="stable", key="other\n"),
    },
    "extensions": {"other": Extension(source="https://other.example/a.raw", sha256="0" * 64)},
    "window": Window(start="04:00"),
    "os_updates": OsUpdates(window=Window(start="03:00")),
}
"""dict[field -> another value]; `None` where a change alone makes no valid site."""
EITHER = {"arch": ("arm64", "amd64"), "storage": ("sd", "ssd")}
"""dict[field -> two values, of which one is another]."""


ALONE = frozenset({"backup", "channel", "updates"})
"""Fields that do nothing where another is missing, and are changed only where they are set."""
OF_CHANNEL = {
    "channel.access.gateway": "https://other.example",
    "channel.floor": 8,
    "link.updates.floor": 9,
}
"""dict[path -> another value] where other fields have the same name."""


def another(name: str, value: Any) -> Any:
    """A value of the same kind as `value`, but not the same."""
    if name in OTHER:
        return OTHER[name]
    if name in EITHER:
        return next(each for each in EITHER[name] if each != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, tuple):
        return (*value, "192.0.2.77")
    return "other"


def variants(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path of a field, the whole with that field changed), for every field."""
    for field in fields(value):
        name, inner = f"{path}.{outside_name(field.name)}".lstrip("."), getattr(value, field.name)
        if is_dataclass(inner) and field.name not in OTHER:
            yield from ((at, replace(value, **{field.name: made})) for at, made in variants(inner, name))
        elif field.name == "nodes":
            for node, spec in inner.items():
                for at, made in variants(spec, f"{name}.{node}"):
                    yield at, replace(value, nodes={**inner, node: made})
        elif field.name in ALONE and inner is None:
            continue
        elif (made := OF_CHANNEL.get(name, another(field.name, inner))) is not None:
            yield name, replace(value, **{field.name: made})


def digests(spec: SiteSpec, key: str, passphrases: Mapping[str, str]) -> dict[str, str]:
    """dict[node -> digest of all that its image is made of]."""
    return {node: image.desired for node, image in render_site(spec, key, passphrases).items()}


EVERY_FIELD = (
    *("three-servers", "server-static", "server-and-agent", "shut-in", "data-disk", "additions", "vlan"),
    *("arm64-dhcp", "joined-hub", "old-modules", "with-channel"),
)
"""Golden sites that have each field."""


@pytest.mark.filterwarnings("ignore:Pydantic serializer")  # values of other types than a fleet file has
def test_each_input_does_to_the_image_what_it_declares(
    sites: dict[str, SiteSpec], key: str, passphrases: dict[str, str]
) -> None:
    """An effect of `none` leaves every byte; any other changes some. Each field at the first site with it."""
    seen: dict[str, bool] = {}
    paths: dict[str, str] = {}
    for site in (sites[f"recipe-1/{name}"] for name in EVERY_FIELD):
        before = digests(site, key, passphrases)
        runtimes = {node.runtime for node in site.nodes.values()}
        for path, changed in variants(site):
            field = re.sub(r"^nodes\.\w+", "nodes", path)
            of = next((name for name in ("kubeedge", "krustlet") if f"{name}." in field), None)
            # At a node with another runtime, or a site without a channel.
            is_idle = field == "nodes.krustlet" or (field == "link.class" and site.channel is None)
            if field not in seen and not is_idle and (of is None or of in runtimes):
                assert changed != site, path
                seen[field], paths[field] = digests(changed, key, passphrases) != before, path
    assert {field: declared_effect(SiteSpec, path) != "none" for field, path in paths.items()} == seen
    assert len(seen) > 80


def test_the_order_of_nodes_changes_nothing(
    sites: dict[str, SiteSpec], key: str, passphrases: dict[str, str]
) -> None:
    """Pulumi's maps have none."""
    several = {name: site for name, site in sites.items() if len(site.nodes) > 1}
    assert len(several) > 2
    for site in several.values():
        turned = replace(site, nodes=dict(reversed(site.nodes.items())))
        assert digests(site, key, passphrases) == digests(turned, key, passphrases)


def test_another_key_is_another_image(sites: dict[str, SiteSpec], passphrases: dict[str, str]) -> None:
    """Two sites with equal specs would still not open each other."""
    site = sites["recipe-1/server-static"]
    one, other = ("QUFB" * 10 + "QUE=", "QkJC" * 10 + "QkI=")
    assert digests(site, one, passphrases) != digests(site, other, passphrases)


def test_a_missing_passphrase_is_named_with_the_command(sites: dict[str, SiteSpec], key: str) -> None:
    """The name in the fleet file and the command that sets it."""
    with pytest.raises(InvalidInput, match="fleet:passphrases"):
        render_site(sites["recipe-1/raspberry-pi"], key, {})


def test_an_unknown_recipe_is_refused(sites: dict[str, SiteSpec], key: str) -> None:
    """Rather than rendered with another."""
    with pytest.raises(InvalidInput, match="recipe 99"):
        render_site(replace(sites["recipe-1/server-static"], recipe=99), key, {})


def test_the_fleet_file_may_ask_for_the_recipes_there_are() -> None:
    """The model, which knows no boot steps, and the steps say the same."""
    assert [*model_site.RECIPES] == sorted(RECIPES)


def test_a_guessable_secret_is_published_salted(
    sites: dict[str, SiteSpec], key: str, passphrases: dict[str, str]
) -> None:
    """Nobody tests guesses of a Wi-Fi passphrase against a digest in a state file."""
    (image,) = render_site(sites["recipe-1/raspberry-pi"], key, passphrases).values()
    assert image.files["network-config"].startswith("hmac-sha256:")
    assert image.files["meta-data"].startswith("sha256:")


def test_what_is_shown_to_people_holds_no_secret(
    sites: dict[str, SiteSpec], key: str, passphrases: dict[str, str]
) -> None:
    """`explain` shows files; those with secrets are masked, for every golden site."""
    assert sites
    for site in sites.values():
        trees = render_tree(site, key, passphrases)
        assert trees
        for tree in trees.values():
            shown = b"\n".join(tree.values())
            assert passphrases["shop"].encode() not in shown
            assert b"PRIVATE KEY" not in shown
            assert b"token:" not in shown
