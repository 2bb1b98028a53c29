"""Scores of a segmentation: NumPy arrays in, numbers out, without torch."""
