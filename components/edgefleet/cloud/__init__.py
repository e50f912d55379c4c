"""Cloud resources, one file each: Spec, REPLACE_ON, create, read, update, delete.

`edgefleet.provider.registry` lists them.
"""
