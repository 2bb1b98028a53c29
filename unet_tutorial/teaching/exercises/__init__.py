"""The exercises, one file per lesson: each is a solution with common mistakes."""
