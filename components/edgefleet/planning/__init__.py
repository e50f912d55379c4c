"""Pure questions about a fleet: what changes, what it does to deployed sites, what its secrets are."""
