"""Help in choosing: what each runtime and hub would cost a fleet, and a recommendation."""
