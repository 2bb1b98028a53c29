"""Reads labels: decides whether they are classes, cells or layers, and turns them into arrays."""
