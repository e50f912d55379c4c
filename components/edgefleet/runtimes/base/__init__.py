"""What the runtimes share."""
