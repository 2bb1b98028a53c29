"""Finds the images of a folder and the labels of each, in the layouts that data sets have."""
