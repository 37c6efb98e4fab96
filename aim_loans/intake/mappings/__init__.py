"""Mappings that ship: TOML files for `import book --mapping`."""
