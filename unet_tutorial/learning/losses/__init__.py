"""The loss of the paper (equation 1) and its weight map (equation 2)."""
