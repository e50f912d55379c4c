"""Certificates by which nodes with KubeEdge and CloudCore know each other, made before either is there. Pure.

One authority a region, derived from the hub's master and used for nothing else, as CloudCore gets its key. A
node's key is derived from its site's, its certificate is public. edgecore takes a pair that is in place when
its common name is ``system:node:`` and the node's name, and asks for no token (KubeEdge 1.23,
edge/pkg/edgehub/certificate/certmanager.go); CloudCore compares that name with the one that the node gives
(cloud/pkg/cloudhub/authorization/authorizer.go). CloudCore reads no revocation list.
"""

from cryptography.hazmat.primitives.asymmetric import ec

from edgefleet.keys.certificates import Holder, Subject, authority, client, private_key, server
from edgefleet.keys.site_certificate import UNTIL, last_day
from edgefleet.model.hub import Hub
from edgefleet.model.programs import KUBEEDGE
from edgefleet.model.safety import KubeEdgeIdentity
from edgefleet.model.site import SiteSpec


def kubeedge_authority(master: str, *, fleet: str, region: str) -> Holder:
    """The region's authority for KubeEdge."""
    name = Subject(
        common_name=f"{fleet} {region} kubeedge", organizations=(fleet,), unit=region, not_after=UNTIL
    )
    return authority(name, private_key(master, "kubeedge-authority"), path_length=0, is_for_tls=True)


def cloudcore(master: str, by: Holder, address: str) -> Holder:
    """The certificate of CloudCore at `address`."""
    subject = Subject(common_name="cloudcore", host=address, not_after=UNTIL)
    return server(subject, private_key(master, "kubeedge-cloudcore", of=address), by=by)


def node_key(key: str, node: str) -> ec.EllipticCurvePrivateKey:
    """The key of the certificate of a site's node."""
    return private_key(key, "kubeedge-node", of=node)


def kubeedge_identity(spec: SiteSpec, key: str, by: Holder, hub: Hub) -> KubeEdgeIdentity | None:
    """What the nodes of a site have for CloudCore; `None` without nodes that join it."""
    nodes = {name: node for name, node in spec.nodes.items() if node.runtime == KUBEEDGE}
    if hub.kubeedge is None or not nodes:
        return None
    certificates = {
        name: client(
            Subject(
                common_name=f"system:node:{node.hostname}",
                organizations=("system:nodes",),
                not_after=last_day(hub),
            ),
            node_key(key, name),
            by=by,
        ).certificate_pem
        for name, node in nodes.items()
    }
    return KubeEdgeIdentity(
        address=hub.kubeedge.address, authority=by.certificate_pem, certificates=certificates
    )
