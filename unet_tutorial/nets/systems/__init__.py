"""The networks of other projects, built from our parts, one file per project.

``docs/coming_from.md`` lists the options of these projects and our parts for them. In all networks our
concatenation puts the skip first, layers that are never used are not built, and the initial weights come from our
initialisers; each file lists the other differences. The files of systems whose weights can be imported also hold a
``foreign_weights.System``.
"""
