"""Reads and writes images: formats, channels, orientation, pixel size, and normalisation."""
