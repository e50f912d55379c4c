"""Two engines, one program: the Pulumi CLI, and the embedded one where it is absent.

Import from the modules: `api` (what an engine is asked), `selection` (which engine), `pulumi_cli` and
`embedded` (the engines), `outcomes` (events to steps), `configuration` (a stack's secrets).
"""
