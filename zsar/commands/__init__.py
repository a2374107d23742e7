"""The commands of the command line: `configure` adds the options, `run` does the work."""
