"""The drawings of a report, one kind per module, as PNG."""
