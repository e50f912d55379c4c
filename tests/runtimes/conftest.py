"""Nodes for runtimes: those of the golden sites."""

from tests.boot.conftest import box, text_of

__all__ = ["box", "text_of"]
