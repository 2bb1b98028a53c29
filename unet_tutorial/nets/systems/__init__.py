"""The networks of other projects, built from our parts, one file per project.

``docs/coming_from.md`` lists the options of these projects and our parts for them. The networks are equivalent, with
three exceptions: our concatenation puts the skip first, layers that are never used are not built, and the initial
weights come from our initialisers.
"""
