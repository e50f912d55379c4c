"""The rollout of images to nodes. Pure."""
