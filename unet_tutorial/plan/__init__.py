"""The levels, valid sizes and receptive field of a U-Net as whole numbers. No torch, so the import is fast."""
