"""Trains a network by a recipe, tests it, and writes its checkpoint, scores and report; predicts with checkpoints."""
