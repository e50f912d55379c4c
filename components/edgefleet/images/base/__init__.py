"""What formats share: extents of disk images, and what cloud-init does where a format has none."""
