"""The database floor: engines, transactions, column types, bulk writes and migrations."""
