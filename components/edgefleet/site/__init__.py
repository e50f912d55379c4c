"""A site's images: boot steps joined with an image format and a store, and the images on its nodes."""
