"""Type tokens of the resources and components; a compatibility promise, as state files hold them."""

PROVIDER = "edgefleet"
SITE_IMAGES = "edgefleet:index:SiteImages"
BUCKET = "edgefleet:aws:Bucket"
FLEET = "edgefleet:index:Fleet"
CONTROL_PLANE = "edgefleet:index:ControlPlane"
