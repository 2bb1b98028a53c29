"""Generates synthetic images with exact labels."""
