"""From a recipe to a trained network, its predictions, scores and report."""
