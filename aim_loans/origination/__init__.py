"""Products, programmes, dated settings, disbursement."""
