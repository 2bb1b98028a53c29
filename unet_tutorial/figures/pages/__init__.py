"""From a description to an HTML page."""
