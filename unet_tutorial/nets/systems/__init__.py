"""The networks of other projects from our parts, one file per project; ``docs/coming_from.md`` maps their options.

Equivalent to those projects except for: the order of concatenation (ours puts the skip first), layers that they build
and never use (ours are not built), and the initial weights (ours come from our initialisers).
"""
