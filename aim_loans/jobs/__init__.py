"""Long work: a queue in the database, taken job by job by workers."""
