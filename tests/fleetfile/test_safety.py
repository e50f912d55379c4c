"""What a fleet file says of safety, right and wrong."""

from collections.abc import Callable

import pytest

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.safety import Admission, BreakGlass, Firewall, Ssm, WireGuard

HEAD = "apiVersion: edgefleet.dev/v1\nfleet: retail\nregion: test\nrecipe: 1\n"
KEY = "A" * 43 + "="
SSH = "sshKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAdWTir664y2SylPXTmezFVyd60QnEiB1WNSzvoIs2Ot]"
TUNNEL = f"{{endpoint: 'bastion.example:51820', publicKey: {KEY}, network: 'fd12::/64'}}"


def test_what_is_written_is_what_is_meant(load: Callable[..., Fleet]) -> None:
    """At any level, and the stricter one by default."""
    ways = (
        f"{{console: true, wireguard: {TUNNEL}, ssm: {{region: eu-central-1, activation: {{secret: ssm}}}}}}"
    )
    fleet = load(
        "sites:\n"
        "  a: {firewall: {allow: [{port: 8443, from: [10.0.0.0/8, 192.0.2.1/32]},\n"
        "    {port: 161, protocol: udp}]}}\n"
        f"  b: {{hardening: false, firewall: {{enabled: false}}, breakGlass: {ways}}}\n"
        "  c: {link: {maxOffline: 8w}}\n",
        head=HEAD,
    )
    first, second, third = fleet.sites.values()
    allow = (Admission(port=8443, from_=("10.0.0.0/8", "192.0.2.1")), Admission(port=161, protocol="udp"))
    assert (True, Firewall(allow=allow), BreakGlass()) == (
        first.hardening,
        first.firewall,
        first.break_glass,
    )
    assert (False, Firewall(enabled=False)) == (second.hardening, second.firewall)
    assert (
        BreakGlass(
            console=True,
            wireguard=WireGuard(endpoint="bastion.example:51820", public_key=KEY, network="fd12::/64"),
            ssm=Ssm(region="eu-central-1", activation="{secret: ssm}"),
        )
        == second.break_glass
    )
    assert 56 == third.link.max_offline


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("firewall: {allow: [{port: 70000}]}", "sites.a.firewall.allow[0].port"),
        (
            "firewall: {allow: [{port: 22, from: [10.0.0.1/8]}]}",
            "10.0.0.1/8 is neither an address nor a subnet",
        ),
        ("firewall: {allow: [{port: 22, protocol: icmp}]}", "sites.a.firewall.allow[0].protocol"),
        (f"breakGlass: {{wireguard: {TUNNEL.replace('fd12::/64', '10.0.0.0/8')}}}", "is not an IPv6 prefix"),
        (f"breakGlass: {{wireguard: {TUNNEL.replace(KEY, 'AAAA')}}}", "not a public key of WireGuard"),
        (f"breakGlass: {{wireguard: {TUNNEL.replace(':51820', '')}}}", "where a tunnel ends"),
        (f"breakGlass: {{console: true}}, users: {{rescue: {{{SSH}}}}}", "rescue is the user of the console"),
        ("link: {maxOffline: 60}", "is not a number of days"),
        (
            "k3s: {config: {kubelet-arg+: [streaming-connection-idle-timeout=0]}}",
            "contradicts what hardening",
        ),
        (
            "airgap: true, k3s: {config: {kube-apiserver-arg: [enable-admission-plugins=AlwaysPullImages]}}",
            "no container can start from the images",
        ),
        ("identity: {certificate: x}", "identity"),
    ],
)
def test_what_cannot_be_is_reported_with_its_place(
    say: Callable[..., list[str]], written: str, said: str
) -> None:
    """One problem, in the line where it is; that nothing is locked yet is another."""
    (found,) = (
        each for each in say(f"sites:\n  a: {{{written}}}\n", head=HEAD) if "artifacts lock" not in each
    )
    assert said in found
    assert "test.fleet.yaml:14:" in found


@pytest.mark.parametrize("day", ["2040-02-30", "1999-01-01", "tomorrow"])
def test_a_last_day_is_a_day(say: Callable[..., list[str]], day: str) -> None:
    head = HEAD + f"controlPlane: {{bucket: retail-test, identity: {{sites: true, validUntil: {day}}}}}\n"
    (found,) = say(head=head)
    assert "is not a day" in found
