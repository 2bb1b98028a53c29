"""Training runs: trains and tests a network, and writes checkpoint, scores and report; predicts with a checkpoint."""
