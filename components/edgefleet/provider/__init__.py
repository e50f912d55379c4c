"""The bridge to Pulumi: the provider's servicer, its schema, and the server of the plugin."""
