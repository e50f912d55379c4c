"""Configuration files of other tools, as parts of a fleet file; `importing.imported` reads one."""
