"""A region's hub: the first boot of its servers, and the manifests that run on them. Pure.

It joins boot steps and the format of user-data, as `edgefleet.site` does for nodes.
"""
