"""How records of instruments come about, and what suites are checked by."""
