"""The command line: the same operations as the screens, for the shell."""
