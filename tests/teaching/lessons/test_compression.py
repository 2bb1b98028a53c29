"""Smaller files of figures that look the same."""

from __future__ import annotations

import io
import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from unet_tutorial.teaching.lessons.compression import small_png, small_svg


def png(pixels: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).convert("RGBA").save(data, format="png")
    return data.getvalue()


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("bands", [(0, 0, 0), (0, 1, 2), (2, 2, 1)])
def test_256_colours_are_kept_exactly_and_the_bytes_are_the_same_at_each_call(bands: tuple[int, ...]) -> None:
    ramp = np.arange(256, dtype=np.uint8)
    table = np.stack([ramp, ramp[::-1], ramp ^ 85], axis=-1)[:, bands]  # (256, 3)
    pixels = table[np.random.default_rng(0).integers(256, size=(64, 64))]
    small = small_png(png(pixels))
    assert np.array_equal(pixels_of(small), pixels)
    assert small == small_png(png(pixels))


def test_many_colours_change_little() -> None:
    figure, axes = plt.subplots()
    axes.imshow(np.hypot(*np.mgrid[-1:1:100j, -1:1:100j]), cmap="viridis")
    data = io.BytesIO()
    figure.savefig(data, format="png")
    plt.close(figure)
    small = small_png(data.getvalue())
    change = np.abs(pixels_of(small).astype(int) - pixels_of(data.getvalue()))
    assert len(np.unique(pixels_of(data.getvalue()).reshape(-1, 3), axis=0)) > 256
    assert change.mean() < 0.5
    assert change.max() < 16
    assert len(small) < 0.7 * len(data.getvalue())


def test_an_svg_keeps_its_elements_and_moves_none_by_more_than_a_hundredth_of_a_point() -> None:
    figure, axes = plt.subplots()
    axes.plot(np.sin(np.arange(500)), "o-", label="$x^2$")
    axes.legend()
    data = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "test"}):
        figure.savefig(data, format="svg")
    plt.close(figure)
    text = re.sub(r"<!--.*?-->", "", data.getvalue(), flags=re.DOTALL)
    small = small_svg(data.getvalue())
    assert len(small) < 0.9 * len(text)
    tags = re.compile(r"<[\w/]+")
    assert tags.findall(small) == tags.findall(text)
    references = set(re.findall(r'(?<=href="#)\w[^"]*|(?<=url\(#)\w[^)]*', small))
    assert references <= set(re.findall(r'(?<= id=")[^"]*', small))
    values = re.compile(r"(?<![\w.#-])-?\d+(?:\.\d+)?")
    before, after = ([float(number) for number in values.findall(svg)] for svg in (text, small))
    assert np.abs(np.subtract(before, after)).max() <= 0.005 + 1e-9


@pytest.mark.parametrize(
    "element",
    [
        '<g transform="scale(0.015625)"/>',
        '<path style="stroke-dasharray: 0.8125,1.3125" id="m0.1234x"/>',
        '<image xlink:href="data:image/png;base64,x=0.12345"/>',
    ],
)
def test_only_coordinates_are_rounded(element: str) -> None:
    assert small_svg(element) == element


def test_the_sign_of_a_coordinate_is_kept() -> None:
    assert small_svg('<use x="-12.3456" y="-0.001"/>') == '<use x="-12.35" y="-0"/>'
