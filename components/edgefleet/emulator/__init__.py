"""The emulated cloud: moto's server, and hand-written stand-ins for what moto lacks.

`edgefleet.io.emulator` starts it as a process of its own. Each stand-in is a class `Fake...` in a file of its
own, wraps the application in `app.create_app`, and passes on what is not its own.
"""
