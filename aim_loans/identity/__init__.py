"""Staff, roles, permissions, branches, and the audit chains."""
