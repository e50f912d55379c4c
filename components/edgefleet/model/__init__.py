"""What is wanted: frozen typed specs, loading and validation. No I/O but reading the files it is given."""
