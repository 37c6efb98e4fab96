"""The institution's configuration: config.toml as one frozen value, and the environment.

`settings` are the values, `rows` reads one table of the file and collects its faults, `dated`
reads the dated tables (also back from the database), `reader` the whole file, `environment`
what the surroundings give, `resources` finds the files that ship with the program.
"""
