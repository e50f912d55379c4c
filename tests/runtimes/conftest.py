"""Nodes for runtimes: those of the golden sites."""

from tests.boot.conftest import target, text_of

__all__ = ["target", "text_of"]
