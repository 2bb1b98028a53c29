"""Training samples and their random augmentation."""
