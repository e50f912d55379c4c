"""Writers: hostile values through the reader of each syntax; none changes, none adds a line."""

import json
import random
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Sequence
from configparser import RawConfigParser
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from edgefleet.errors import InvalidInput
from edgefleet.io.templates import render_html
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.writers import SYNTAXES, boot_menus, configuration, servers, shell, systemd
from edgefleet.model.writers.written import Written

PAYLOADS = (
    "", " ", "a b", "a\nb", "a\r\nExecStartPre=/bin/reboot", "\n[Service]\nExecStartPre=/bin/sh -c reboot",
    "a\\", 'x";APT::Update::Pre-Invoke{"touch${IFS}/tmp/x"};X::Y"z', "$(reboot)", "`reboot`", "${HOME}",
    "%h %n %%", "'; reboot; '", '"; reboot; "', "a # b", "; a", "#a", "a;b", "a&b", "a|b", "a>b", "*", "?",
    "~", "-rf", "--", "a=b", "[a]", "{ a }", "\x00", "\x1b[2J", "\x7f", "\u2028", "\u202e", "\x85",
    "\udcff", "\xe9", "EDGEFLEET-END", "root ALL=(ALL) NOPASSWD:ALL", "10.0.0.1 } accept", "fe80::1%eth0",
    "10.0.0.1\n", "n1.example", "10.3.0.7", "2001:db8::7", "/etc/data", "a" * 300,
    "bastion.example.org:51820", "0123456789012345678901234567890123456789012=", "no-reply@example.org",
    "ttyS0,115200",
)  # fmt: skip
SIGNS = " \t\n\r\x00\x1b'\"\\$`%;#&|<>(){}[]*?!~=,/:@.-_^+é\u2028\x7f" + "abcXYZ019" * 4


def hostile(count: int = 400) -> list[str]:
    """The payloads, and texts of signs that some syntax gives a meaning to."""
    chance = random.Random(14)  # noqa: S311 - the same texts at each run
    texts = ["".join(chance.choices(SIGNS, k=chance.randint(1, 12))) for _ in range(count)]
    plain = ["".join(chance.choices("abcXYZ019./:-_", k=chance.randint(1, 12))) for _ in range(count // 4)]
    return [*PAYLOADS, *texts, *plain]


def ran(*command: str, text: str = "", cwd: Path | None = None) -> str:
    """What a program prints; it succeeds without a word of complaint."""
    if shutil.which(command[0]) is None:
        pytest.skip(
            f"needs {command[0]}: apt-get install apt chrony debconf grub-common nftables wireguard-tools"
        )
    done = subprocess.run(
        command, input=text.encode(), capture_output=True, check=False, timeout=120, cwd=cwd
    )
    assert (0, b"") == (done.returncode, done.stderr), f"{command}: {done.stderr.decode()[:2000]}"
    return done.stdout.decode()


def by_words(written: Sequence[str], _: Path) -> list[str]:
    return ran("sh", text="printf '%s\\0' " + " ".join(written) + "\n").split("\0")[:-1]


def by_comments(written: Sequence[str], _: Path) -> list[str]:
    text = "".join(f"# {value}\n" for value in written)
    assert "end\n" == ran("sh", text=f"{text}echo end\n")
    return [line[2:] for line in text.split("\n")[:-1]]


def by_here_documents(written: Sequence[str], _: Path) -> list[str]:
    return ran("sh", text="".join(f"cat <<'END'\n{value}END\nprintf '\\0'\n" for value in written)).split(
        "\0"
    )[:-1]


def by_delimiters(written: Sequence[str], _: Path) -> list[str]:
    text = "".join(f"cat <<'{value}'\n{value} \n{value}\n" for value in written)
    return [line.removesuffix(" ") for line in ran("sh", text=text).split("\n")[:-1]]


def by_variables(written: Sequence[str], _: Path) -> list[str]:
    ran("sh", text="".join(f"{value}=1\n" for value in written))
    return list(written)


def by_fields(written: Sequence[str], _: Path) -> list[str]:
    rows = "".join(f"1 {value} 2\n" for value in written)
    loop = "while read -r one field two; do printf '%s\\0' \"$field\"; done <<'END'\n"
    return ran("sh", text=f"{loop}{rows}END\n").split("\0")[:-1]


def by_rests(written: Sequence[str], _: Path) -> list[str]:
    rows = "".join(f"1 {value}\n" for value in written)
    return ran(
        "sh", text=f"while read -r one rest; do printf '%s\\0' \"$rest\"; done <<'END'\n{rows}END\n"
    ).split("\0")[:-1]


def verified(line: str, written: Sequence[str], place: Path) -> None:
    """Systemd takes units with the line, and each is exactly one line."""
    for number, value in enumerate(written):
        service = "" if line.startswith("Exec") else "ExecStart=/bin/true\n"
        unit = f"[Unit]\n# {'' if service == '' else value}\n[Service]\nType=oneshot\n{service}"
        text = (
            unit + f"{line.format(value)}\n" if not service else f"[Unit]\n{line.format(value)}\n{unit[7:]}"
        )
        (place / f"u{number}.service").write_text(text)
    ran(
        "systemd-analyze",
        "verify",
        "--man=no",
        *(f"u{number}.service" for number in range(len(written))),
        cwd=place,
    )


def by_descriptions(written: Sequence[str], place: Path) -> list[str]:
    verified("Description=x {}", written, place)
    return [value.replace("%%", "%") for value in written]


def by_dependencies(written: Sequence[str], place: Path) -> list[str]:
    verified("After={}.service", [value for value in written if "@" not in value and len(value) < 200], place)
    return list(written)


def by_arguments(written: Sequence[str], place: Path) -> list[str]:
    """systemd.service, "Command lines": the words are those of `shlex`, then signs count double."""
    verified("ExecStart=/bin/true {}", written, place)
    words = [word for value in written for word in shlex.split(value)]
    return [word.replace("%%", "%").replace("$$", "$") for word in words]


def by_environment(written: Sequence[str], place: Path) -> list[str]:
    (place / "env").write_text("".join(f"V{number}={value}\n" for number, value in enumerate(written)))
    names = " ".join(f'"$V{number}"' for number in range(len(written)))
    return ran("sh", text=f". {place}/env\nprintf '%s\\0' {names}\n").split("\0")[:-1]


def by_apt(written: Sequence[str], place: Path) -> list[str]:
    (place / "apt.conf").write_text(
        "".join(f"E::V{number} {value};\n" for number, value in enumerate(written))
    )
    pairs = [word for number in range(len(written)) for word in (f"V{number}", f"E::V{number}")]
    values = ran("apt-config", "-c", str(place / "apt.conf"), "shell", *pairs)
    return [line.partition("=")[2] for word in shlex.split(values) for line in (word,)]


def in_nft(rules: Sequence[str]) -> list[dict[str, str]]:
    """The rules of a chain, as nft prints them."""
    text = "table inet t { chain c {\n" + "".join(f"{rule}\n" for rule in rules) + "}; }\n"
    script = "unshare --map-root-user --net sh -c 'nft -f - && nft -j list chain inet t c'"
    return [
        item["rule"] for item in json.loads(ran("sh", "-c", script, text=text))["nftables"] if "rule" in item
    ]


def by_nft_comments(written: Sequence[str], _: Path) -> list[str]:
    return [rule["comment"] for rule in in_nft([f"accept comment {value}" for value in written])]


def by_nft_words(written: Sequence[str], _: Path) -> list[str]:
    ports = [value for value in written if value.isdigit() and int(value) < 65536]
    assert len(ports) == len(in_nft([f"tcp dport {value} accept" for value in ports]))
    return list(written)


def by_sections(written: Sequence[str], _: Path) -> list[str]:
    """As systemd and GLib: sections, keys, lines of comments."""
    parser = RawConfigParser(
        delimiters="=", comment_prefixes=("#", ";"), strict=True, empty_lines_in_values=False
    )
    parser.read_string("[E]\n" + "".join(f"V{number}={value}\n" for number, value in enumerate(written)))
    assert ["E"] == parser.sections()
    return [parser["E"][f"v{number}"] for number in range(len(written))]


def by_sshd(written: Sequence[str], place: Path) -> list[str]:
    ran("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / "key"))
    (place / "sshd").write_text("".join(f"AllowUsers {value}\n" for value in written))
    run = shutil.which("sshd") or "/usr/sbin/sshd"
    told = ran(run, "-T", "-f", str(place / "sshd"), "-h", str(place / "key"))
    return re.findall(r"^allowusers (.*)$", told, re.MULTILINE)


def by_wireguard(written: Sequence[str], place: Path) -> list[str]:
    (place / "wg0.conf").write_text("[Interface]\n" + "".join(f"PrivateKey = {value}\n" for value in written))
    (place / "wg0.conf").chmod(0o600)
    return re.findall(r"^PrivateKey = (.*)$", ran("wg-quick", "strip", str(place / "wg0.conf")), re.MULTILINE)


def by_chrony(written: Sequence[str], place: Path) -> list[str]:
    (place / "chrony.conf").write_text("".join(f"server {value} iburst\n" for value in written))
    printed = ran("chronyd", "-p", "-f", str(place / "chrony.conf"))
    return re.findall(r"^server (.*) iburst$", printed, re.MULTILINE)


def by_tmpfiles(written: Sequence[str], place: Path) -> list[str]:
    (place / "t.conf").write_text("".join(f"d {value} 0700 - - -\n" for value in written))
    ran("systemd-tmpfiles", "--create", f"--root={place}/root", str(place / "t.conf"))
    return [value for value in written if (place / "root" / value.strip("/")).is_dir()]


def by_grub(written: Sequence[str], place: Path) -> list[str]:
    menus = "".join(f"menuentry 'x' {{\n linux /k {value}\n}}\n" for value in written)
    (place / "grub.cfg").write_text(menus)
    ran("grub-script-check", str(place / "grub.cfg"))
    return [word.replace("\\$", "$") for value in written for word in shlex.split(value)]


def by_grub_titles(written: Sequence[str], place: Path) -> list[str]:
    (place / "grub.cfg").write_text("".join(f"menuentry {value} {{\n exit\n}}\n" for value in written))
    ran("grub-script-check", str(place / "grub.cfg"))
    return [value[1:-1] for value in written]


def by_debconf(written: Sequence[str], place: Path) -> list[str]:
    lines = "".join(f"d-i x/v{number} string {value}\n" for number, value in enumerate(written))
    (place / "preseed.cfg").write_text(lines)
    ran("debconf-set-selections", "-c", str(place / "preseed.cfg"))
    return [line.split(" ", 3)[3] for line in lines.split("\n")[:-1]]


def by_toml(written: Sequence[str], _: Path) -> list[str]:
    """Keys of a table, and the values there."""
    table = tomllib.loads("[a]\n" + "".join(f"{value} = {value}\n" for value in written))["a"]
    assert [*table] == [*table.values()]
    return [*table]


def by_lines(written: Sequence[str], _: Path) -> list[str]:
    """Without a reader here: one line each."""
    return "".join(f"{value}\n" for value in written).split("\n")[:-1]


Reader = Callable[[Sequence[str], Path], list[str]]
READERS: dict[Callable[..., Written], Reader] = {
    shell.sh: by_words,
    shell.comment: by_comments,
    shell.variable: by_variables,
    shell.field: by_fields,
    shell.rest: by_rests,
    shell.delimiter: by_delimiters,
    systemd.value: by_descriptions,
    systemd.name: by_dependencies,
    systemd.argument: by_arguments,
    systemd.quoted: by_environment,
    configuration.user: by_sshd,
    configuration.wg: by_wireguard,
    configuration.host: by_chrony,
    configuration.path: by_tmpfiles,
    configuration.word: by_nft_words,
    configuration.string: by_nft_comments,
    configuration.setting: by_sections,
    configuration.quotation: by_apt,
    configuration.remainder: by_lines,
    configuration.sudoer: by_lines,
    configuration.ipxe: by_lines,
    boot_menus.word: by_grub,
    boot_menus.title: by_grub_titles,
    boot_menus.appended: by_lines,
    boot_menus.line: by_lines,
    boot_menus.answer: by_debconf,
    servers.label: by_lines,
    servers.toml: by_toml,
    servers.toml_text: by_toml,
}
LISTS = {
    "command": (shell.command, shell.sh),
    "names": (systemd.names, systemd.name),
    "users": (configuration.users, configuration.user),
    "words": (boot_menus.words, boot_menus.word),
    "all_appended": (boot_menus.all_appended, boot_menus.appended),
}
APART = {"number", "here", "addresses", *("plain", "below", "option", "prefix", "yes")}
"""Writers with tests of their own, of servers in tests/workloads."""


def test_every_writer_is_tried() -> None:
    """A new writer comes with its reader."""
    tried = {writer.__name__ for writer in READERS} | LISTS.keys() | APART
    assert tried == {name for syntax in SYNTAXES for name in syntax.writers}


def split(writer: Callable[[str], Written]) -> tuple[dict[str, Written], int]:
    """(dict[value -> as it is written], number of those that it refuses)."""
    written, refused = {}, 0
    for value in dict.fromkeys(hostile()):
        try:
            written[value] = writer(value)
        except InvalidInput:
            refused += 1
    return written, refused


def tell(name: str, written: int, refused: int) -> None:
    """The figures of docs/security.md."""
    print(f"writer {name}: {written + refused} hostile values, {written} unchanged, {refused} refused")  # noqa: T201


@pytest.mark.parametrize(
    "writer", READERS, ids=lambda writer: f"{writer.__module__.rpartition('.')[2]}.{writer.__name__}"
)
def test_a_hostile_value_is_read_as_it_was_or_refused(
    writer: Callable[[str], Written], tmp_path: Path
) -> None:
    written, refused = split(writer)
    assert written
    assert refused
    assert [*written] == READERS[writer]([*written.values()], tmp_path)
    tell(writer.__name__, len(written), refused)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_its_words(name: str) -> None:
    several, one = LISTS[name]
    values = [*split(one)[0]][:20]
    assert " ".join(map(one, values)) == several(values)
    with pytest.raises(InvalidInput, match="cannot be written"):
        several([*values, "a\x00b"])


def test_a_here_document_holds_what_it_is_given(tmp_path: Path) -> None:
    written, refused = split(lambda value: shell.here(f"{value}\n", "END"))
    assert refused
    assert [f"{value}\n" for value in written] == by_here_documents([*written.values()], tmp_path)
    assert "" == shell.here("", "END")
    for text in ("a\nEND\nreboot\n", "END\n", "no line"):
        with pytest.raises(InvalidInput, match="whole lines"):
            shell.here(text, "END")
    tell("here", len(written), refused)


def test_addresses_are_addresses() -> None:
    good = [["10.0.0.0/8", "10.9.0.1"], ["2001:db8::/32"], ["0.0.0.0/0"]]
    rules = [f"{configuration.addresses(texts)}accept" for texts in good]
    assert len(rules) == len(in_nft(rules))
    assert "" == configuration.addresses([])
    for value in ("fe80::1%eth0", "10.0.0.1\n", "10.0.0.1 } accept", "any", ""):
        with pytest.raises(InvalidInput, match="cannot be written into an nftables ruleset"):
            configuration.addresses([value])


@pytest.mark.parametrize("value", ["7", True, 7.0, "7; reboot"])
def test_a_number_is_one(value: object) -> None:
    number = SYNTAXES[0].writers["number"]
    assert "7" == number(7)
    with pytest.raises(InvalidInput, match="only a whole number"):
        number(value)


class Reading(HTMLParser):
    """The texts of a page, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags += [tag, *(str(value) for _, value in attrs)]

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)


def test_documents_hold_hostile_values(tmp_path: Path) -> None:
    """YAML (also netplan, registries.yaml, autoinstall), JSON (also Ignition) and HTML."""
    values = [value for value in dict.fromkeys(hostile()) if value and "\udcff" not in value]
    assert values == yaml.safe_load(to_yaml(values))
    assert values == json.loads(json.dumps(values, ensure_ascii=True))
    (tmp_path / "a.html.j2").write_text('<p title="{{ value }}">{{ value }}</p>')
    plain = [value for value in values if not set(value) & set("\x00\r")]
    for value in plain:
        page = Reading()
        page.feed(render_html("a.html.j2", root=tmp_path, value=value))
        page.close()
        assert (value, ["p", value]) == ("".join(page.texts), page.tags)
    tell("yaml, json", len(values), 0)
    tell("html", len(plain), len(values) - len(plain))
