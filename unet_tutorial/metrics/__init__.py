"""Segmentation metrics on NumPy arrays. They import no torch, so that results of any framework can be scored."""
