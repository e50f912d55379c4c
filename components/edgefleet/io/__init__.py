"""The outside world: disks, programs, AWS, stores, templates. Translates their errors, once."""
