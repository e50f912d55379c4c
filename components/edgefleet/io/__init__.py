"""The outside world: disks, programs, AWS, stores, templates. Its errors are put into words here, once."""
