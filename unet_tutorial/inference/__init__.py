"""From a trained network to a prediction of an image of any size."""
