"""Shared by formats: extents of disk images, and files in place of cloud-init's own modules."""
