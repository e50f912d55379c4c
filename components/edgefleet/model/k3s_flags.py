"""Flags of k3s, which are the keys of its ``config.yaml``: who has them, their values, and since when.

Sources: k3s-io/k3s, ``pkg/cli/cmds`` (server.go, agent.go, log.go); k3s docs, cli/server and cli/agent; for
`SINCE` its pull requests 11881, 12021, 12247, 12669 and 14185 and their backports, and release notes of 1.37.
A server skips a key that it does not know, with a warning; an agent does not start (k3s issue 6565).
"""

from collections.abc import Mapping

from edgefleet.model.version_skew import release

MINORS = range(32, 38)
"""Minor versions of k3s, 1.x, whose flags are known here."""
KNOWN = "write a release of those, such as v1.36.4+k3s1"
"""The hint of another release."""


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


SWITCHES, NUMBERS, ADDRESSES, HOSTS, TEXTS = "switch", "number", "address", "host", "text"
BOTH: Mapping[str, frozenset[str]] = {
    SWITCHES: _keys("""
        alsologtostderr debug disable-default-registry-endpoint docker enable-pprof nonroot-devices
        prefer-bundled-bin protect-kernel-defaults rootless selinux
    """),
    NUMBERS: _keys("lb-server-port v"),
    ADDRESSES: _keys("bind-address node-external-ip"),
    HOSTS: _keys("node-external-dns node-internal-dns"),
    TEXTS: _keys("""
        airgap-extra-registry container-runtime-endpoint default-runtime flannel-cni-conf flannel-conf
        flannel-iface image-credential-provider-bin-dir image-credential-provider-config
        image-service-endpoint kube-proxy-arg kubelet-arg log pause-image resolv-conf snapshotter vmodule
        vpn-auth vpn-auth-file
    """),
}
"""dict[kind of value -> flags of servers and agents]: a node may have its own value."""
AGENTS: Mapping[str, frozenset[str]] = {SWITCHES: _keys("disable-apiserver-lb")}
"""The same of agents alone."""
SERVERS: Mapping[str, frozenset[str]] = {
    SWITCHES: _keys("""
        cluster-init disable-apiserver disable-cloud-controller disable-controller-manager disable-etcd
        disable-helm-controller disable-kube-proxy disable-network-policy disable-scheduler
        embedded-registry etcd-disable-snapshots etcd-expose-metrics etcd-s3 etcd-s3-insecure
        etcd-s3-skip-ssl-verify etcd-snapshot-compress flannel-external-ip flannel-ipv6-masq kine-tls
        secrets-encryption supervisor-metrics tls-san-security
    """),
    NUMBERS: _keys("advertise-port etcd-s3-retention etcd-snapshot-retention https-listen-port"),
    ADDRESSES: _keys("advertise-address cluster-dns"),
    HOSTS: _keys("tls-san"),
    TEXTS: _keys("""
        cluster-cidr cluster-domain datastore-cafile datastore-certfile datastore-endpoint datastore-keyfile
        default-local-storage-path egress-selector-mode etcd-arg etcd-s3-access-key etcd-s3-bucket
        etcd-s3-bucket-lookup-type etcd-s3-config-secret etcd-s3-endpoint etcd-s3-endpoint-ca
        etcd-s3-folder etcd-s3-proxy etcd-s3-region etcd-s3-secret-key
        etcd-s3-session-token etcd-s3-timeout etcd-snapshot-dir etcd-snapshot-name
        etcd-snapshot-reconcile-interval etcd-snapshot-schedule-cron flannel-backend helm-controller-arg
        helm-job-image kube-apiserver-arg kube-cloud-controller-manager-arg kube-controller-manager-arg
        kube-scheduler-arg secrets-encryption-provider service-cidr service-node-port-range
        servicelb-namespace system-default-registry write-kubeconfig write-kubeconfig-group
        write-kubeconfig-mode write-kubeconfig-name
    """),
}
"""The same of servers alone: they hold for a whole cluster, which is a site."""
SINCE: Mapping[str, tuple[str, ...]] = {
    "etcd-s3-bucket-lookup-type": ("v1.32.5", "v1.33.1"),
    "etcd-s3-retention": ("v1.32.8", "v1.33.4", "v1.34.0"),
    "etcd-snapshot-reconcile-interval": ("v1.32.3", "v1.33.0"),
    "helm-controller-arg": ("v1.33.13", "v1.34.10", "v1.35.7", "v1.36.3", "v1.37.0"),
    "secrets-encryption-provider": ("v1.32.4", "v1.33.0"),
    "write-kubeconfig-name": ("v1.37.0",),
}
"""dict[flag -> the first release of each minor that has it, ascending]; later minors have it too."""
LISTS = _keys("""
    airgap-extra-registry etcd-arg helm-controller-arg kube-apiserver-arg kube-cloud-controller-manager-arg
    kube-controller-manager-arg kube-proxy-arg kube-scheduler-arg kubelet-arg node-external-dns
    node-external-ip node-internal-dns tls-san
""")
"""Flags that take a list; ``<flag>+`` adds to that of a weaker level."""
WHOLE = _keys("cluster-cidr cluster-dns service-cidr")
"""Flags with a list of one value for each family, which the rest of a seed repeats."""
CHOICES: Mapping[str, frozenset[str]] = {
    "egress-selector-mode": _keys("agent cluster disabled pod"),
    "etcd-s3-bucket-lookup-type": _keys("auto dns path"),
    "flannel-backend": _keys("host-gw none vxlan wireguard-native"),
    "secrets-encryption-provider": _keys("aescbc secretbox"),
}
"""dict[flag -> its values]: k3s ends with another one."""
ONE_NODE = _keys("node-external-ip node-internal-dns")
"""Flags whose value belongs to one node."""
KINDS: Mapping[str, str] = {
    key: kind for flags in (BOTH, AGENTS, SERVERS) for kind, keys in flags.items() for key in keys
}
"""dict[flag -> kind of its value]."""
OF_SITE = frozenset().union(*SERVERS.values())
OF_AGENTS = frozenset().union(*AGENTS.values())


def unknown_release(version: str) -> str | None:
    """Why the flags of the release `version` are not known; `None` where they are."""
    if release(version).minor in MINORS:
        return None
    return f"edgefleet knows k3s 1.{MINORS[0]} to 1.{MINORS[-1]}, and {version} is none of them"


def first_release(key: str, version: str) -> str | None:
    """The release from which `version` would have the flag `key`; `None` where it has it already."""
    own, since = release(version), SINCE.get(key)
    if since is None:
        return None
    older = [text for text in since if release(text).minor <= own.minor]
    first = older[-1] if older else since[0]
    return None if own >= release(first) else first
