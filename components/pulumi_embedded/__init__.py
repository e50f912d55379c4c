"""A Pulumi engine that runs a Python program in this process; README.md says what it does and does not do."""
