"""The options of milesial's and MONAI's networks, and the numbers of parameters that the page quotes from elsewhere."""

from __future__ import annotations

from tests.coming_from_options import ELEKTRONN3, JAXONY, JOHSCHMIDT42, RELEASE, VOLUMES

MILESIAL = {
    "n_channels, n_classes": "net in 3 out 2",
    "bilinear=False": "net ConvTranspose2d",
    "bilinear=True": "up bilinear (1, 1)",
    "convolutions without bias": "absent",
    "an image of any size": "net AnySize",
    "use_checkpointing()": "block Checkpointed",
    "concatenation [skip, up]": "merge Concat",
}
BASIC_UNET = {
    "spatial_dims=2": "net rank 2",
    "spatial_dims=3": "net rank 3",
    "in_channels, out_channels": "net in 3 out 4",
    "features": "net widths (16, 16, 32, 64, 128)",
    "act": "act LeakyReLU(negative_slope=0.1)",
    "norm": "norm InstanceNorm2d(8, eps=1e-05, momentum=0.1, affine=True",
    "bias=False": "absent",
    "dropout": "block Dropout(p=0.1, inplace=False)",
    'upsample="deconv"': "up ConvTranspose2d",
    'upsample="pixelshuffle"': "up PixelShuffle",
    'upsample="nontrainable"': "up bilinear (1, 1)",
    "an odd image": "net AnySize",
}
STRIDED_UNET = {
    "spatial_dims": "net rank 3",
    "in_channels, out_channels": "net in 3 out 4",
    "channels": "net widths (16, 32, 64, 128, 256)",
    "strides": "down StridedConv",
    "strides=(2, …) at the first level": "refused",
    "kernel_size=5": "levels kernel (5, 5)",
    "up_kernel_size": "absent",
    "num_res_units=2": "block Residual",
    "act": "act PReLU(num_parameters=1)",
    "norm": "norm InstanceNorm2d",
    "dropout": "block Dropout(p=0.1, inplace=False)",
    "bias=False": "absent",
    'adn_ordering="NDA"': "unit ('conv', 'norm', 'act')",
    'adn_ordering="ADN"': "unit ('conv', 'act', 'norm')",
}
ATTENTION_UNET = {
    "spatial_dims": "net rank 3",
    "in_channels, out_channels": "net in 1 out 2",
    "channels": "net widths (16, 32, 64, 128)",
    "strides": "down StridedConv",
    "kernel_size=5": "levels kernel (5, 5)",
    "up_kernel_size": "absent",
    "dropout": "block Dropout(p=0.1, inplace=False)",
    "the gate": "merge AttentionGate",
}
OPTIONS = {
    "The authors' release of 2015 (Caffe)": RELEASE,
    "The 3D U-Net of the paper (arXiv 1606.06650)": VOLUMES,
    "jaxony/unet-pytorch": JAXONY,
    "elektronn3": ELEKTRONN3,
    "johschmidt42": JOHSCHMIDT42,
    "milesial/Pytorch-UNet": MILESIAL,
    "MONAI BasicUNet": BASIC_UNET,
    "MONAI UNet": STRIDED_UNET,
    "MONAI AttentionUnet": ATTENTION_UNET,
}
THERE = {  # published, or counted in the other system
    *("19,069,955", "1,968,290", "1,971,554", "5,646,242", "43,232"),
    *("31,037,698", "31,036,546", "17,263,042", "1,625,161", "4,806,481", "31,739,250"),
}
