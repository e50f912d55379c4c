"""The Pulumi components that programs use; wiring only, planning is done by pure functions below."""
