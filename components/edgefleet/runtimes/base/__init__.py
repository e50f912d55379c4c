"""Shared by the runtimes."""
