"""Summary tables of an ``ArchIR``: rows as numbers, then text, LaTeX, markdown, CSV, HTML or a terminal."""
