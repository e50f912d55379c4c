"""Questions about a fleet: what is pending, what fits, what waits. Pure."""
