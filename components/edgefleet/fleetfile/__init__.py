"""The fleet file: read with positions, checked against the schema, resolved to specs."""
