"""Arithmetic of a U-Net in whole numbers: its levels, valid sizes and receptive field. No torch, so it imports fast."""
