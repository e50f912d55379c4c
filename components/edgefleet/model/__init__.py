"""The desired state: frozen typed specs, loading and validation. No I/O but reading the given files."""
