"""From a torch module to its description: one forward pass on meta tensors, recorded and analysed."""
