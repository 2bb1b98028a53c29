"""Drawings of an ``ArchIR``: sketch, layout, scene, then SVG, PDF, PNG or TikZ."""
