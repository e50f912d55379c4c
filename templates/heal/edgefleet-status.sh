#!/bin/sh
# Written by edgefleet. How this box is, in plain words.
exec /usr/local/lib/edgefleet/heal status
