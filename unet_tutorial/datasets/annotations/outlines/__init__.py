"""Reads outlines of cells from files of COCO, labelme, QuPath (GeoJSON) and ImageJ."""
