"""From a description to a drawing."""
