"""The description of a network, and what follows from it; without torch."""
