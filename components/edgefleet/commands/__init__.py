"""The commands of `edgefleet`, one file each; `registry` lists them."""
