"""The exercises, one file per lesson: each solution with the mistakes that people make."""
