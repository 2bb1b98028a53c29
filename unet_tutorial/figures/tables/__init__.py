"""Summary tables of an ``ArchIR``: rows as numbers, then text, LaTeX, Markdown, CSV, HTML or a terminal."""
