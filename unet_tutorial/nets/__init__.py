"""Networks assembled from parts: blocks, resampling, merging, encoders, decoders and named presets."""
