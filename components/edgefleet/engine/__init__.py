"""Two engines, one program: the Pulumi CLI, and the embedded one if there is no CLI.

Import from the modules: `api` (the interface of an engine), `selection` (which engine), `pulumi_cli` and
`embedded` (the engines), `outcomes` (events to steps), `configuration` (a stack's secrets).
"""
