"""The description of a network (``ArchIR``) and the analyses of it. Imports no torch, so that it loads fast."""
