"""The command line `unet`: one file per command.

Commands import torch and numpy inside their functions, so that `unet --help` and `unet sizes` start quickly.
"""
