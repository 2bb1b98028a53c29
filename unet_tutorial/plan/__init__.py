"""The U as whole numbers, without torch: its levels, its valid sizes, its receptive field."""
