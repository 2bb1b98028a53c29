"""Networks from parts: plans and sizes (no torch), blocks, resampling, merging, the U itself, named presets."""
