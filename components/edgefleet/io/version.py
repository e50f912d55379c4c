"""The version of edgefleet that is installed."""

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """``0.1.0``; ``0.0.0`` where edgefleet is on the path without being installed."""
    try:
        return metadata.version("edgefleet")
    except metadata.PackageNotFoundError:
        return "0.0.0"
