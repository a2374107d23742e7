"""Published numbers, expected numbers, committed records and speed measurements."""
