"""The subcommands: each module's `run` answers one and returns whether there is something to report."""
