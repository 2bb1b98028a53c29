"""The paper's loss and its weight maps."""
