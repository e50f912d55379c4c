"""The emulated cloud: moto's server, and hand-written stand-ins for what moto lacks.

`edgefleet.io.emulator` starts it as a separate process. Each stand-in is a class `Fake...`; it
wraps the application in `app.create_app` and passes on other calls.
"""
