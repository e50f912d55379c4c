"""A program knows its organization, project and stack."""

PROGRAM = """
export("names", [pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()])
export("planned", pulumi.runtime.is_dry_run())
"""
RUNS: list[tuple[str, dict[str, object]]] = [("up", {})]
