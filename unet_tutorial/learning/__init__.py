"""What makes a network learn: losses, weight maps, augmentation, metrics and one plain training loop."""
