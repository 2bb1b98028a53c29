"""The exercises, one file per lesson: what is right, what it is tried on, and the mistakes that people make."""
