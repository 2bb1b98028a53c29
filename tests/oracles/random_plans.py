"""Random plans of a U-Net for hypothesis, and the plan of the paper."""

from __future__ import annotations

from hypothesis import strategies as st

from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.sizes import Padding

PAPER = pyramid((64, 128, 256, 512, 1024))

PADDINGS: tuple[Padding, ...] = ("same", "valid")


@st.composite
def plans(draw: st.DrawFn) -> tuple[tuple[Level, ...], Padding]:
    """Up to four levels of rank 1, with random kernels, strides and numbers of convolutions."""
    padding = draw(st.sampled_from(PADDINGS))
    kernels = st.sampled_from((1, 3, 5) if padding == "same" else (1, 2, 3, 4, 5))
    strides = [1, *draw(st.lists(st.integers(1, 3), max_size=3))]
    levels = tuple(Level(1, (draw(kernels),), (stride,), draw(st.integers(1, 3))) for stride in strides)
    return levels, padding
