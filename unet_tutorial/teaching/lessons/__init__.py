"""Lessons as files: execute, normalise, show, predict, release."""
