"""A disk and what is on it, in lines."""

from collections.abc import Iterator

from rich.filesize import decimal

from edgefleet.model.device import Device


def lines(device: Device) -> Iterator[str]:
    """The disk, then each thing on it, indented."""
    facts = [device.model, device.transport, decimal(device.size)]
    yield f"{device.path}  {', '.join(fact for fact in facts if fact)}"
    if not device.parts:
        yield f"    {_content(device) or 'nothing known'}"
    for part in device.parts:
        yield from _part(part, "    ")


def _part(device: Device, indent: str) -> Iterator[str]:
    yield f"{indent}{device.path}  {decimal(device.size)}  {_content(device) or 'nothing known'}"
    for part in device.parts:
        yield from _part(part, f"{indent}    ")


def _content(device: Device) -> str:
    label = f'"{device.label}"' if device.label else ""
    return "  ".join(filter(None, (device.file_system, label, *device.mounts)))
