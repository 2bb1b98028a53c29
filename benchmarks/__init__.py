"""Printed ratios against the usual way, equality checked first: ``python -m benchmarks.NAME``."""
