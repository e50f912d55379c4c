"""The bridge to Pulumi: the provider's servicer, its schema, and the plugin that the CLI starts."""

from pathlib import Path


def plugin_path() -> Path:
    """The folder that a project's Pulumi.yaml names under ``plugins.providers``."""
    return Path(__file__).resolve().parents[1] / "plugin"
