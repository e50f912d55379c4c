"""A region's hub: what its servers are at their first boot, and what runs on them. Pure.

It joins boot steps and the format of user-data, as `edgefleet.site` does for nodes.
"""
