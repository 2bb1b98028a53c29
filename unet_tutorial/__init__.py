"""The U-Net, assembled from parts: the tested library behind the course.

Importing the package is fast: torch is only imported by the modules that need it.
"""
