"""The description of a network (``ArchIR``) and its analysis. Does not import torch, so that it loads fast."""
