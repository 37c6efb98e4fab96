"""The chart of accounts, funds and balanced journal lines; knows nothing of loans."""
