"""Samples, and the random transforms that make more of them."""
