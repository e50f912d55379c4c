"""The Pulumi components that programs use; wiring only, planning is done by pure functions below."""

from edgefleet.fleet import aws

__all__ = ["aws"]
