"""The plugin as a folder that the Pulumi CLI starts: ``python <this folder> <engine's address>``."""

from edgefleet.plugin import main

if __name__ == "__main__":
    main()
