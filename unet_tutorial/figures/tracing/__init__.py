"""From a torch module to its description: records a forward pass on meta tensors (shapes without values)."""
