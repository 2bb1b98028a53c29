"""The U-Net, assembled from parts: the tested library behind the course.

Importing it costs nothing: torch comes in with the rooms that need it.
"""
