"""Training: losses, weight maps, augmentation, batches, the training loop, checkpoints, and baselines."""
