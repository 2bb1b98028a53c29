"""What the paper says of its network, and where the course holds it: introduction, section 2, figures 1 and 2."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """A place in the paper, what it says, and who holds it: the lesson's cell with this code in it, and a test.

    Every number in ``what`` is in the code named, in an assert of that cell or in what the cell prints.
    """

    where: str
    what: str
    lesson: str
    code: str
    test: str


NETWORK = (
    Claim("section 1", "an output pixel is given only where all that it sees lies within the input",
          "01", "assert touched(MeanPool) == seen",
          "tests/test_fields.py::test_field_of_a_pixel_equals_the_support_of_its_gradient"),
    Claim("section 1", "the network has no fully connected layer: its convolutions hold all parameters",
          "04", "blueprint, odd = PaperUNet(), torch.empty(1, 1, 570, 570)",
          "tests/test_paper.py::test_parameters_and_convolutions"),
    Claim("section 1", "tiles that overlap segment an image of any size without a seam",
          "08", "mine = predict_tiled(net, image, tile=tile, batch=2)",
          "tests/test_tiling.py::test_random_images_and_tiles_in_2d"),
    Claim("section 1", "beyond the border of the image, the missing context is its mirror image",
          "08", 'np.pad(small, [(0, 0), (92, 92), (92, 92)], "reflect")',
          "tests/test_nd.py::test_mirror_equals_numpy"),
    Claim("section 1", "with tiles, the memory of a pass is that of the tile, whatever the image",
          "08", "assert set(seen) == {108 * 108}",
          "tests/test_tiles.py::test_memory_is_bounded_by_the_tile"),
    Claim("section 1", "a weighted loss makes the background between touching cells count",
          "06", "plain, weighted = (float(weighted_cross_entropy(sure, target, w))",
          "tests/test_losses.py::test_weights_multiply_each_pixel_and_the_sum_is_divided_by_the_pixels"),
    Claim("section 2", "a block is two 3×3 convolutions, each followed by a ReLU",
          "02", "by_hand = relu(conv_by_matrix(hidden",
          "tests/test_paper.py::test_both_spellings_are_equal_bit_for_bit"),
    Claim("section 2", "the convolutions are unpadded: the first block turns 572 pixels into 568",
          "02", "shapes = watch(block, torch.zeros(1, 1, 572, 572)",
          "tests/test_sizes.py::test_figure_1_step_by_step"),
    Claim("section 2", "the ReLU between them matters: without it two convolutions are one",
          "02", "assert torch.allclose(second(first(image)), conv2d(image, kernel, offset), atol=1e-4)",
          "tests/test_blocks.py::test_a_unit_executes_in_the_order_it_states"),
    Claim("section 2", "down by 2×2 max-pooling with stride 2",
          "02", "assert torch.equal(pool_by_reshape(signed), max_pool2d(signed, 2))",
          "tests/test_paper.py::test_every_map_of_figure_1"),
    Claim("section 2", "each step down doubles the channels: 64, 128, 256, 512, 1024",
          "04", "draw_u(blueprint, 572,",
          "tests/test_paper.py::test_every_map_of_figure_1"),
    Claim("section 2", "up by a 2×2 up-convolution, which halves the channels",
          "03", "by_hand = blocks.reshape(1, 3, 10, 8)",
          "tests/test_paper.py::test_every_map_of_figure_1"),
    Claim("section 2", "the skip is cropped to the map from below, whose place is the middle",
          "03", "assert agree == [(24 - 16) // 2]",
          "tests/test_nd.py::test_center_crop_of_coordinates"),
    Claim("section 2", "cropping is necessary because every convolution loses border pixels",
          "03", "crops.append(2 * (crops[-1] + 2 + 2))",
          "tests/test_sizes.py::test_the_papers_table"),
    Claim("section 2", "a step up concatenates, and convolves twice, each time followed by a ReLU",
          "03", "assert torch.equal(library(below, skip), mine(below, skip))",
          "tests/test_paper.py::test_both_spellings_are_equal_bit_for_bit"),
    Claim("section 2", "a 1×1 convolution maps the 64 components of each pixel to the classes",
          "04", "leaves = nn.ModuleList(layer for layer in net.modules()",
          "tests/test_paper.py::test_parameters_of_other_widths"),
    Claim("section 2", "the network has 23 convolutional layers",
          "04", "facts = (shape, crops(blueprint, 572)",
          "tests/test_paper.py::test_parameters_and_convolutions"),
    Claim("section 2", "a tile's size must make the sides even before every pooling",
          "01", "assert given == {n: output_size((n,)",
          "tests/test_sizes.py::test_every_size_to_700_equals_the_network_that_is_run"),
    Claim("section 2", "with another size, such as 570, skip and detour are 7 pixels apart",
          "01", "assert means == {572: 0, 570: 7}",
          "tests/test_paper.py::test_a_size_that_does_not_pass_is_refused"),
    Claim("figure 1", "572 × 572 pixels come in, 388 × 388 go out",
          "01", 'facts = output_size((572, 572), plan, padding="valid")',
          "tests/test_sizes.py::test_figure_1_step_by_step"),
    Claim("figure 1", "channels and side of all 32 boxes",
          "04", "for found, printed in zip(maps, FIGURE_1.split()",
          "tests/test_paper.py::test_every_map_of_figure_1"),
    Claim("figure 1", "the arrows: 18 and 1 convolutions, 4 poolings, 4 up-convolutions, 4 copies",
          "04", 'print(len(maps), "boxes, all as printed:"',
          "tests/test_paper.py::test_parameters_and_convolutions"),
    Claim("figure 1", "4, 16, 40 and 88 pixels are cropped from each side of the skips",
          "04", "assert cut == [4, 16, 40, 88] == crops(blueprint, 700)",
          "tests/test_paper.py::test_every_crop_of_figure_1"),
    Claim("figure 1", "the copied map (white) stands before the one from below",
          "03", "rolled = conv2d(theirs, weight.roll(16, dims=1))",
          "tests/test_paper.py::test_every_crop_of_figure_1"),
    Claim("figure 2", "for the yellow area, 92 pixels more are read on each side",
          "08", "line = Margins(before=92, lost=184, grid=16, smallest=188)",
          "tests/test_tiles.py::test_brute_margins_are_the_papers"),
    Claim("figure 2", "the areas fit together without a seam: exactly so at a step of 384",
          "08", "assert far_off(lay_tiles(net, wide, starts), whole) < 1e-12",
          "tests/test_tiling.py::test_an_unaligned_stride_differs"),
    Claim("figure 2", "missing input is mirrored; zeros instead would change 54 % of the pixels",
          "08", "assert change[96:420, 96:420].max() == 0 < 1 < change[:8].max()",
          "tests/test_tiling.py::test_default_tile_on_any_size_also_one_smaller_than_the_margin"),
)  # fmt: skip
