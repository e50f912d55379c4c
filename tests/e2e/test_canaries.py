"""Every secret of a fleet is searched in everything that runs leave behind, print, or pass to programs."""

import ast
import base64
import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from edgefleet import cli
from edgefleet.commands import secrets
from edgefleet.commands.session import Lines, Session
from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.fleetfile.load import load_fleet
from edgefleet.keys.derivation import hub_master
from edgefleet.model.k3s_config import SECRET
from edgefleet.site.inputs import FleetKeys
from edgefleet.site.known_secrets import of_site
from pulumi_embedded.disk import Disk

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: shops
region: dev
recipe: 1
controlPlane: {kind: existing, kubeconfig: hub.yaml, cloud: {region: eu-central-1}, renderObjects: objects}
images: {store: "file:images"}
profiles:
  till: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi, wasm: [wasmtime]}
defaults:
  profile: till
  k3s: {version: v1.36.4+k3s1, config: {K3S}}
  sysctls: {kernel.core_pattern: {secret: sysctl}}
  proxy: {https: "http://proxy.example:3128", credentials: {secret: proxy}}
  breakGlass:
    console: true
    ssm: {region: eu-west-1, activation: {secret: ssm}}
    wireguard: {endpoint: "vpn.example:51820", publicKey: "%s", network: "fd00:1::/64"}
workloads:
  web:
    kind: web
    image: a.example/web:1
    port: 80
    secrets: {KEY: web, TLS_KEY: tls}
    where: {sites: [berlin]}
  cache: {kind: cache, origin: "https://a.example", secrets: {KEY: cache}, where: {sites: [berlin]}}
  session: {kind: session, size: 256Mi, secrets: {PASSWORD: session}, where: {sites: [berlin]}}
  job: {kind: job, image: "a.example/job:1", secrets: {KEY: job}, where: {sites: [berlin]}}
  function:
    kind: function
    image: a.example/function:1
    runtime: {name: wasmtime, version: v0.6.0}
    port: 80
    secrets: {KEY: function}
    where: {sites: [berlin]}
  inference:
    kind: inference
    model: {source: "https://a.example/m.onnx", sha256: SHA256, storage: 1Gi}
    secrets: {MODEL_LOGIN: inference}
    where: {sites: [berlin]}
    training: {image: "a.example/train:1", schedule: "0 3 * * 0", secrets: {BUCKET: training}}
  manifests:
    kind: manifests
    files: ["{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b}}"]
    secrets: {token: manifests}
    where: {sites: [berlin]}
  stream: {kind: stream, subjects: ["a.>"], secrets: {KEY: stream}, where: {sites: [berlin]}}
  orders: {kind: web, image: "a.example/o:1", port: 80, secrets: {KEY: orders}, where: {cloud: true}}
sites:
  berlin: {nodes: {n1: {network: {address: 10.20.1.10/24, gateway: 10.20.1.1}}, n2: {runtime: k3s-agent}}}
  munich: {nodes: {n1: {network: {wifi: {ssid: Shops, passphrase: {secret: shop}, country: DE}}}}}
  bremen: {image: {format: script}, nodes: {n1: {}}}
"""
STACK = "correct horse of the stack"
CONFIGURED = {
    "sysctl": "core-canary-31",
    **{key: f"{key}-canary:37" for key in sorted(SECRET)},
    "shop": "wifi canary 17",
    "proxy": "till-canary:p@ss/canary 23",
    "ssm": "activation-canary:code-canary-29",
    **{name: f"{name}-canary/41 &" for name in ("web", "cache", "job", "function", "inference", "manifests")},
    "stream": "stream-canary\\61",
    "session": "session-canary-43",
    "tls": "-----BEGIN PRIVATE KEY-----\ncanary+of/a+key+of+several+lines47\n-----END PRIVATE KEY-----",
}
OF_HUB = {name: f"{name}-canary-53" for name in ("training", "orders")}
"""What no site gets."""
CONFIGURED |= OF_HUB
RENEWED = "another-canary/59"
"""What becomes of the secret of a workload."""
HEADERS = {"-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"}
PRIVATE = ("images", "built", "objects")
"""Folders of images, which hold their own site's secrets, and of the hub's objects, for its cluster."""


class Ending(Disk):
    """Stops a run as a kill does where the journal would be folded into the state."""

    def remove(self, path: Path) -> None:
        if path.suffix == ".jsonl":
            raise OSError(5, "the machine ended")
        super().remove(path)


@dataclass
class Shop:
    """A project, and everything that its runs printed and that programs were given."""

    root: Path
    shown: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    temporary: list[Path] = field(default_factory=list)
    disk: Disk = field(default_factory=Disk)
    environ: dict[str, str] = field(default_factory=lambda: {"PULUMI_CONFIG_PASSPHRASE": STACK})

    def run(self, *arguments: str, piped: str = "", failing: Exception | None = None) -> int:
        """One command, in this process."""
        out, err = io.StringIO(), io.StringIO()

        def choose(_: str) -> EmbeddedEngine:
            if failing is not None:
                raise failing
            return EmbeddedEngine(environ=self.environ, disk=self.disk)

        session = Session(
            project=self.root,
            out=Lines(file=out, width=80),
            err=Lines(file=err, width=80),
            stdin=io.StringIO(piped),
            environment=self.environ,
            choose=choose,
        )
        code = cli.run(arguments, session)
        self.shown.append(f"$ {arguments}\n{out.getvalue()}{err.getvalue()}")
        return code

    def left(self) -> Iterator[tuple[str, bytes]]:
        """(place, content) of everything that a run left, printed or passed on."""
        stayed = (path for place in self.temporary for path in (place, *place.rglob("*")))
        for path in {*self.root.rglob("*"), *stayed}:
            place = path.relative_to(self.root) if path.is_relative_to(self.root) else path
            if path.is_file() and place.parts[0] not in PRIVATE:
                yield str(place), path.read_bytes()
        for text in self.shown:
            yield text.splitlines()[0], text.encode()
        for text in self.given:
            yield "a program", text.encode()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A project with every kind of secret; what it starts is observed."""
    root = tmp_path_factory.mktemp("canaries")
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, root / name)
    (root / "hub.yaml").write_text("{apiVersion: v1, kind: Config, clusters: [], users: [], contexts: []}\n")
    (root / "stacks").mkdir()
    public = base64.b64encode(bytes(range(32))).decode()
    (root / "stacks" / "dev.fleet.yaml").write_text(
        FLEET.replace("SHA256", "5" * 64).replace(
            "K3S", ", ".join(f"{key}: {{secret: {key}}}" for key in sorted(SECRET))
        )
        % public
    )
    made = Shop(root)
    is_open = True

    def observe(event: str, arguments: tuple[Any, ...]) -> None:
        if is_open and event in {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"}:
            made.given.append(repr(arguments[:2]))  # argv is for everyone to read; the environment is not
        if is_open and event in {"tempfile.mkstemp", "tempfile.mkdtemp"}:
            made.temporary.append(Path(arguments[0]))

    sys.addaudithook(observe)
    yield made
    is_open = False


def forms(secret: str) -> Iterator[bytes]:
    """A secret as text, in hexadecimal, for a URL, and in base64 wherever it stands in what was encoded."""
    kinds = {secret.encode(), quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode()}
    with suppress(ValueError):
        kinds.add(base64.b64decode(secret, validate=True))
    for data in kinds:
        yield from (data, data.hex().encode())
        for offset in range(3):
            text = base64.b64encode(b"\0" * offset + data + b"\0" * 3)
            start, end = -(-offset * 4 // 3), (offset + len(data)) * 4 // 3
            yield text[start:end]


def canaries(root: Path, fleet_secret: str) -> dict[str, set[bytes]]:
    """dict[what -> its forms] of every secret, derived or configured."""
    fleet = load_fleet(root / "stacks" / "dev.fleet.yaml", root)
    keys = FleetKeys(secret=fleet_secret, fleet=fleet)
    named = {"the fleet secret": fleet_secret, "the passphrase of the stack": STACK}
    named["a renewed secret"] = RENEWED
    named["the hub's master key"] = hub_master(fleet_secret, fleet=fleet.name, region=fleet.region)
    for name, text in CONFIGURED.items():
        halves = {*text.split(":"), *text.split("\n")} - HEADERS
        named |= {f"{name} {index}": half for index, half in enumerate((text, *halves))}
    for site, spec in fleet.sites.items():
        named |= {
            f"{site}: {what} {index}": word
            for index, (what, word) in enumerate(of_site(spec, keys.key(spec)))
        }
    return {what: {form for form in forms(word) if len(form) >= 8} for what, word in named.items()}


def fleet_secret_of(shop: Shop) -> str:
    """The secret, from the stack's configuration."""
    return secrets.required(session_of(shop), "dev").fleet_secret


def session_of(shop: Shop) -> Session:
    """A session in the project."""
    return Session(project=shop.root, out=Lines(), err=Lines(), stdin=io.StringIO(), environment=shop.environ)


def live(shop: Shop) -> None:
    """The life of a fleet: everything that a person does, then mistakes, then an interrupted run."""
    one_line = [name for name in CONFIGURED if "\n" not in CONFIGURED[name]]
    words = "".join(f"{CONFIGURED[name]}\n" for name in one_line)
    names = [option for name in one_line for option in ("--passphrase", name)]
    (key := shop.root / "key.pem").write_text(f"{CONFIGURED['tls']}\n")
    init = shop.run("init", "-s", "dev", *names, "--passphrase", f"tls={key}", piped=words)
    assert 0 == init, shop.shown[-1]
    key.unlink()
    first: tuple[tuple[str, ...], ...] = (
        ("validate", "stacks/dev.fleet.yaml"),
        ("preview", "-s", "dev", "--all"),
        ("up", "-s", "dev", "-y", "--json", "up.json"),
        ("refresh", "-s", "dev", "-y"),
        ("sites", "-s", "dev", "--json", "-"),
        ("sites", "sheet", "-s", "dev", "--all", "--out", "sheets.html"),
        ("sites", "tunnel", "-s", "dev", "--target", "berlin"),
        ("image", "build", "-s", "dev", "--all", "--out", "built", "-j", "1"),
        ("image", "verify", "built"),
    )
    for arguments in first:
        assert 0 == shop.run(*arguments), shop.shown[-1]
    file = shop.root / "stacks" / "dev.fleet.yaml"
    file.write_text(
        file.read_text().replace("10.20.1.10", "10.20.1.11").replace("vpn.example", "vpn2.example")
    )
    assert 0 == shop.run("init", "-s", "dev", "--passphrase", "web", piped=RENEWED), shop.shown[-1]
    assert 0 == shop.run("preview", "-s", "dev"), shop.shown[-1]
    lines = [line.split() for line in shop.shown[-1].splitlines() if "(secret)" in line]
    assert [["Secret/web:", "KEY", "(secret)", "stacks/dev.fleet.yaml:23"]] == lines
    second: tuple[tuple[str, ...], ...] = (
        ("preview", "-s", "dev", "--json", "-"),
        ("explain", "-s", "dev", "#1"),
        ("explain", "-s", "dev", "--target", "munich"),
        ("explain", "-s", "dev", "--target", "bremen"),
        ("image", "build", "-s", "dev", "--target", "berlin", "--out", "built/new", "-j", "1"),
    )
    for arguments in second:
        assert 0 == shop.run(*arguments), shop.shown[-1]
    file.write_text(file.read_text().replace("  bremen: {image: {format: script}, nodes: {n1: {}}}\n", ""))
    assert 0 == shop.run("preview", "-s", "dev"), shop.shown[-1]  # git knows where the row was
    file.write_text(file.read_text() + "  bremen: {image: {format: script}, nodes: {n1: {}}}\n")
    assert 1 == shop.run("image", "diff", "built/berlin/n1.iso", "built/new/berlin/n1.iso"), shop.shown[-1]


def fail(shop: Shop) -> None:
    """What goes wrong: a secret of the wrong form, a wrong passphrase, a defect, a disk that ends a run."""
    bad = "canary-without-a-colon-31"
    assert 1 == shop.run("init", "-s", "dev", "--passphrase", "proxy", piped=f"{bad}\n"), shop.shown[-1]
    secrets.write(session_of(shop), "dev", {secrets.PASSPHRASES: json.dumps(CONFIGURED | {"proxy": bad})})
    assert shop.run("preview", "-s", "dev"), shop.shown[-1]
    assert 1 == shop.run("explain", "-s", "dev", "--target", "munich"), shop.shown[-1]
    assert not [text for text in shop.shown if bad in text]
    again = shop.run("init", "-s", "dev", "--passphrase", "proxy", piped=f"{CONFIGURED['proxy']}\n")
    assert 0 == again, shop.shown[-1]
    for secret in CONFIGURED.values():
        assert 2 == shop.run("preview", "-s", "dev", failing=ValueError(secret)), shop.shown[-1]
    right, shop.environ["PULUMI_CONFIG_PASSPHRASE"] = STACK, f"{STACK} and more"
    assert 1 == shop.run("preview", "-s", "dev"), shop.shown[-1]
    shop.environ["PULUMI_CONFIG_PASSPHRASE"] = right
    shop.disk = Ending()
    assert 2 == shop.run("up", "-s", "dev", "-y"), shop.shown[-1]
    assert [*(shop.root / ".pulumi" / "journals").rglob("*.jsonl")]


def held(shop: Shop, folder: str, searched: dict[str, set[bytes]]) -> set[str]:
    """The configured secrets that the files of a folder have."""
    contents = [path.read_bytes() for path in (shop.root / folder).rglob("*") if path.is_file()]
    words = {what: forms for what, forms in searched.items() if what.rpartition(" ")[0] in CONFIGURED}
    found = {
        what for what, forms in words.items() if any(form in data for form in forms for data in contents)
    }
    return {what.rpartition(" ")[0] for what in found}


def test_no_secret_is_in_what_runs_leave_print_or_pass_on(shop: Shop) -> None:
    """State, history, backups, a journal, previews, JSON, sheets, temporary files, errors, argument lists."""
    live(shop)
    places = [*shop.left()]  # an up removes the preview that was kept
    fail(shop)
    places += shop.left()
    searched = canaries(shop.root, fleet_secret_of(shop))
    names = {place.partition("/")[0] for place, _ in places} | {place for place, _ in places}
    assert {".pulumi", ".edgefleet", "up.json", "sheets.html"} <= names
    assert len(shop.given) >= 1
    found = [
        (what, place)
        for what, words in searched.items()
        for place, content in places
        for word in words
        if word in content
    ]
    sys.stdout.write(f"secrets searched {len(searched)}, found {len(found)}\n")
    assert [] == found
    assert len(searched) >= 30
    assert OF_HUB.keys() == held(shop, "objects", searched)
    assert CONFIGURED.keys() - OF_HUB.keys() == held(shop, "images", searched)


def test_the_search_finds_a_secret_in_each_form() -> None:
    """A search that finds nothing anywhere would pass, too."""
    secret = base64.b64encode(bytes(range(7, 39))).decode()
    words = {form for form in forms(secret) if len(form) >= 8}
    raw = base64.b64decode(secret)
    for hidden in (secret.encode(), raw.hex().encode(), secret.encode().hex().encode()):
        assert any(word in b"a: " + hidden + b"\n" for word in words)
    for before in (b"", b"x", b"xy", b"xyz"):
        for data in (secret.encode(), raw):
            assert any(word in base64.b64encode(before + data + b"rest") for word in words), (before, data)


SECRET_NAMES = re.compile(r"secret|passphrase|password|token|activation|credential|private|(^|_)key$")
RUNNERS = {
    "processes.run",
    "processes.streamed",
    "processes.start_detached",
    "tools.use",
    "tools.stream",
    "use",
}


def test_no_argument_of_a_program_is_named_as_a_secret() -> None:
    """Every local user reads argument lists in /proc; a secret goes by a file or by standard input."""
    package = ROOT / "components" / "edgefleet"
    calls = [
        (f"{path.relative_to(package)}:{node.lineno}", node)
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in RUNNERS
    ]
    assert len(calls) >= 15
    named = {
        where: word
        for where, call in calls
        for argument in call.args
        for part in ast.walk(argument)
        if SECRET_NAMES.search(word := str(getattr(part, "id", getattr(part, "attr", ""))))
    }
    assert {} == named
