"""The loss of the paper (equation 1) with its weight map (equation 2), other losses, and sums of them."""
