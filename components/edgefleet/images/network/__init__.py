"""The network of a node, in the syntax of each program that configures it."""
