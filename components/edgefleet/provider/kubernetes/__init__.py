"""The `kubernetes` provider of the embedded engine: the part of pulumi-kubernetes that a fleet needs.

State, steps and replacements are those of the real plugin (4.34, read in its sources), so that the CLI goes
on with what the embedded engine made. It differs where a preview would be less true: unknown fields, objects
that exist already and types that it does not handle are errors before anything changes.
"""
