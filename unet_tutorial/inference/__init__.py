"""Prediction with a trained network on an image of any size."""
