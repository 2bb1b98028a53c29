"""Segmentation metrics on NumPy arrays, without torch, so that results of any framework can be scored."""
