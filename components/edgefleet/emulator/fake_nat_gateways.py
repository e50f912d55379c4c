"""A stand-in for the deletion of a NAT gateway, which moto does only in part.

AWS removes its network interface and frees its address; moto marks the gateway as deleted and keeps both, so
that neither the address nor the subnet can be deleted.
"""

from collections.abc import Callable, Iterable
from typing import Any

from edgefleet.emulator.requests import Application, Environment, moto_backend, read_call


class FakeNatGateways:
    """Completes moto's DeleteNatGateway."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, environment: Environment, start: Callable[..., Any]) -> Iterable[bytes]:
        """Pass the request on; then free the resources of a deleted gateway."""
        call = read_call(environment)
        answer = self._app(environment, start)
        if call.service == "ec2" and call.form.get("Action") == "DeleteNatGateway":
            _clear(call.region, call.form.get("NatGatewayId", ""))
        return answer


def _clear(region: str, identity: str) -> None:
    ec2 = moto_backend("ec2", region)
    gateway = ec2.nat_gateways.get(identity)
    if gateway is None:
        return
    interfaces = {each["networkInterfaceId"] for each in gateway.address_set if "networkInterfaceId" in each}
    interfaces.add(gateway._eni.id)  # noqa: SLF001 - moto has no public name for it
    for address in ec2.addresses:
        if address.eni is not None and address.eni.id in interfaces:
            ec2.disassociate_address(association_id=address.association_id)
    for interface in interfaces:
        ec2.enis.pop(interface, None)
