"""From a torch module to its description."""
