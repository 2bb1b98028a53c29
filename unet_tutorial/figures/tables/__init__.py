"""From a description to a table."""
