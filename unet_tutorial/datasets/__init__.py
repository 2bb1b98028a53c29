"""Images and labels: our generators, the public data sets, and a reader's own folder."""
