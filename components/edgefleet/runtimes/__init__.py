"""Node runtimes: what runs workloads on a node."""
