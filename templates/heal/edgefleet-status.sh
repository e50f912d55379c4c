#!/bin/sh
# Written by edgefleet. Prints the state of this node.
exec /usr/local/lib/edgefleet/heal status
