"""The sections of a report: what was gathered, in words, tables and drawings."""
