"""Type tokens of the resources and components; a compatibility promise, as state files hold them."""

PROVIDER = "edgefleet"
BUCKET = "edgefleet:aws:Bucket"
FLEET = "edgefleet:index:Fleet"
CONTROL_PLANE = "edgefleet:index:ControlPlane"
