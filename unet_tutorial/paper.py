"""The U-Net of 2015 as printed: Ronneberger, Fischer & Brox, arXiv 1505.04597.

One network without options. Quotations are from section 2 unless another section is named; sizes are those of figure 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d


def double_conv(in_channels: int, out_channels: int) -> nn.Sequential:
    """Two unpadded 3×3 convolutions with ReLUs: (N, in, H, W) -> (N, out, H - 4, W - 4)."""
    # "the repeated application of two 3x3 convolutions (unpadded convolutions), each followed by a rectified linear
    # unit (ReLU)"
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3),
        nn.ReLU(inplace=True),
        nn.Conv2d(out_channels, out_channels, 3),
        nn.ReLU(inplace=True),
    )


def crop_and_concat(skip: Tensor, up: Tensor) -> Tensor:
    """Crop the middle of the skip, then concatenate: (N, C, H, W) and (N, C, h, w) -> (N, 2C, h, w), the skip first."""
    # "a concatenation with the correspondingly cropped feature map from the contracting path"; "The cropping is
    # necessary due to the loss of border pixels in every convolution."
    height, width = up.shape[2:]
    top, left = (skip.shape[2] - height) // 2, (skip.shape[3] - width) // 2
    middle = skip[:, :, top : top + height, left : left + width]
    return torch.cat((middle, up), dim=1)


class UpStep(nn.Module):
    """One step of the expansive path: (N, 2C, h, w) and the skip (N, C, H, W) -> (N, C, 2h - 4, 2w - 4)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # "an upsampling of the feature map followed by a 2x2 convolution ("up-convolution") that halves the number of
        # feature channels"
        self.up = nn.ConvTranspose2d(2 * channels, channels, 2, stride=2)
        self.convs = double_conv(2 * channels, channels)

    def forward(self, below: Tensor, skip: Tensor) -> Tensor:
        """Upsample, crop, concatenate, convolve twice."""
        merged = crop_and_concat(skip, self.up(below))  # (N, 2C, 2h, 2w)
        out: Tensor = self.convs(merged)
        return out


class ContractingPath(nn.Module):
    """The left side of figure 1: image (N, in, 572, 572) -> five feature maps, finest first."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        # "At each downsampling step we double the number of feature channels."
        widths = (in_channels, 64, 128, 256, 512, 1024)
        self.levels = nn.ModuleList(double_conv(widths[i], widths[i + 1]) for i in range(5))
        # "Drop-out layers at the end of the contracting path perform further implicit data augmentation." (section
        # 3.1). The paper prints no probability; 0.5 is that of the authors' release.
        self.dropout = nn.Dropout(0.5)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Two convolutions, then four times max-pooling and two convolutions."""
        features = [self.levels[0](image)]  # (N, 64, 568, 568)
        for convs in self.levels[1:]:  # 128 × 280², 256 × 136², 512 × 64², 1024 × 28²
            # "a 2x2 max pooling operation with stride 2 for downsampling"
            features.append(convs(max_pool2d(features[-1], 2)))
        features[-1] = self.dropout(features[-1])
        return features


class ExpansivePath(nn.Module):
    """The right side of figure 1: five feature maps -> (N, 64, 388, 388)."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = nn.ModuleList(UpStep(channels) for channels in (512, 256, 128, 64))

    def forward(self, features: list[Tensor]) -> Tensor:
        """Four steps of upsampling and convolutions, each with the skip of its level."""
        *skips, x = features  # x: (N, 1024, 28, 28)
        for step, skip in zip(self.steps, reversed(skips), strict=True):
            x = step(x, skip)  # 512 × 52², 256 × 100², 128 × 196², 64 × 388²
        return x


class PaperUNet(nn.Module):
    """(N, in, 572, 572) -> logits (N, out, 388, 388); "In total the network has 23 convolutional layers."."""

    def __init__(self, in_channels: int = 1, out_channels: int = 2) -> None:
        super().__init__()
        self.contracting = ContractingPath(in_channels)
        self.expansive = ExpansivePath()
        # "At the final layer a 1x1 convolution is used to map each 64-component feature vector to the desired number
        # of classes."
        self.head = nn.Conv2d(64, out_channels, 1)
        self.apply(initialise)

    def forward(self, image: Tensor) -> Tensor:
        """Apply the contracting path, the expansive path and the head: one logit per class and pixel."""
        check_size(image)
        logits: Tensor = self.head(self.expansive(self.contracting(image)))
        return logits


def check_size(image: Tensor) -> None:
    """Raise ValueError unless each side of the image is one of 188, 204, 220, …"""
    # "it is important to select the input tile size such that all 2x2 max-pooling operations are applied to a layer
    # with an even x- and y-size"
    if any(side < 188 or side % 16 != 12 for side in image.shape[2:]):
        raise ValueError(
            f"input {tuple(image.shape)}: both sides must be 188 or more and 12 more than a multiple of 16"
        )


def initialise(layer: nn.Module) -> None:
    """Draw weights from N(0, √(2/N)) and set biases to 0."""
    # "drawing the initial weights from a Gaussian distribution with a standard deviation of √(2/N), where N denotes the
    # number of incoming nodes of one neuron" (section 3)
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.constant_(layer.get_parameter("bias"), 0.0)
