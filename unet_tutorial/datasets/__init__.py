"""Images and labels: our generators, the public data sets, and a user's own folder of images and masks."""
