"""The texts of a drawing in other languages: phrases of the field, replaced longest first."""

from __future__ import annotations

import re
from functools import cache

from unet_tutorial.figures.drawing.scene import WIDE

LANGUAGES = ("en", "zh")

CHINESE = {
    # inputs, outputs, maps
    "input": "输入", "output": "输出", "embedding of": "嵌入：", "conditioned on the": "条件：",
    # convolutions, pooling, upsampling
    "conv": "卷积", "up-conv": "转置卷积", "stride": "步幅", "dilation": "空洞率", "linear": "线性层",
    "max pool": "最大池化", "avg pool": "平均池化", "pool": "池化", "global": "全局", "adaptive": "自适应",
    "nearest": "最近邻插值", "bilinear": "双线性插值", "trilinear": "三线性插值", "bicubic": "双三次插值",
    "shuffle": "像素重排", "channels to pixels": "通道变像素", "pixels to channels": "像素变通道",
    "max unpool": "最大反池化", "slice": "切片", "mean": "均值", "max": "最大值", "amax": "最大值",
    "min": "最小值", "amin": "最小值",
    # norms, activations
    "batch norm": "批归一化", "instance norm": "实例归一化", "group norm": "组归一化", "layer norm": "层归一化",
    "rms norm": "均方根归一化", "RMS norm": "均方根归一化", "weight norm": "权重归一化", "spectral norm": "谱归一化",
    "local response norm": "局部响应归一化", "dropout": "随机失活", "softmax": "softmax",
    # skips and merges
    "copy and crop": "复制并裁剪", "copy and pad": "复制并填充", "copy, crop or pad": "复制，裁剪或填充",
    "copy": "复制", "skip": "跳跃连接", "skip connection": "跳跃连接", "through": "经过",
    "(px per side)": "（每侧像素数）",
    "crop": "裁剪", "pad": "填充", "crop or pad": "裁剪或填充", "reshape": "变形", "product": "乘积", "split": "拆分",
    "concatenation": "拼接", "concat": "拼接", "add": "相加", "multiply": "相乘", "sum": "求和",
    "subtract": "相减", "divide": "相除", "weighted sum": "加权求和",
    "identity shortcut": "恒等捷径", "identity": "恒等", "shortcut": "捷径", "residual block": "残差块",
    # gates, attention, blocks beside the path
    "attention gate: weights the pixels of the skip": "注意力门：对跳跃连接逐像素加权", "gating signal": "门控信号",
    "squeeze-and-excitation": "挤压与激励", "spatial squeeze-and-excitation": "空间挤压与激励",
    "spatial and channel squeeze-and-excitation": "空间与通道挤压与激励", "channel gate": "通道门",
    "spatial gate": "空间门", "self-attention": "自注意力", "cross-attention": "交叉注意力",
    "window attention": "窗口注意力", "channel attention": "通道注意力", "linear attention": "线性注意力",
    "axial attention": "轴向注意力", "efficient channel attention": "高效通道注意力",
    "coordinate attention": "坐标注意力", "convolutional block attention": "卷积块注意力",
    "gate along an axis": "沿一个轴的门", "heads": "头", "head": "头", "transformer block": "Transformer 块",
    "transformer block with cross-attention": "带交叉注意力的 Transformer 块",
    # sentences below a drawing
    "not drawn as a U": "未画成 U 形", "no main path was found": "未找到主路径",
    "no feature map with spatial axes leads from an input to the output": "没有带空间轴的特征图从输入通向输出",
    "no map on the way to its output is coarser than another": "通向输出的特征图中没有更粗的",
    "its output has no spatial axes, as a classifier's": "输出没有空间轴，与分类器相同",
    "it only goes up, as a decoder by itself does": "只上采样，与单独的解码器相同",
    "it goes down and does not come up again, as a classifier does": "只下采样，不再上采样，与分类器相同",
    "its output is computed from a vector, and not by convolutions, so that it has no scale":
        "输出由向量而非卷积计算，因此没有尺度",
    "its output's pixels could not be traced to the input's, as after a class token or learned queries":
        "无法将输出像素对应到输入像素，例如使用分类标记或可学习查询时",
    "it goes down and up": "重复下采样与上采样", "times, as a chain of U-Nets does": "次，与串联的 U-Net 相同",
    "it upsamples from level": "从第", "to level": "层直接上采样到第",
    "in one step, as DeepLab and PSPNet do": "层，与 DeepLab 和 PSPNet 相同",
    "it pools to grids of a fixed size, as PSPNet does": "池化到固定大小的网格，与 PSPNet 相同",
    "its blocks are U-Nets themselves": "它的各个块本身就是 U-Net",
    "its decoder merges maps of several levels, as in UNet 3+, a feature pyramid or summed outputs":
        "解码器合并多个层的特征图，如 UNet 3+、特征金字塔或相加的输出",
    "its skips are merged with maps of other levels before the decoder, as in U-Net++ or UNet 3+":
        "跳跃连接在解码器之前与其他层的特征图合并，如 U-Net++ 或 UNet 3+",
    "its decoder merges an input besides the skips": "解码器除跳跃连接外还合并输入",
    "its decoder merges an input at several levels, as SPADE does": "解码器在多个层中合并输入，与 SPADE 相同",
    "it has": "共有", "decoders": "个解码器", "one per output": "每个输出一个",
    "its skips come from a second encoder": "跳跃连接来自第二个编码器",
    "its decoder merges maps of a second encoder": "解码器合并第二个编码器的特征图",
    "the node in row i and column j of the grid of UNet++": "UNet++ 网格第 i 行第 j 列的节点",
    "each frame holds a U-Net, with one box per level and side": "每个框代表一个 U-Net，其中每层每侧一个小框",
    "U-Net of": "U-Net：", "level": "层", "levels": "层",
    # joints of phrases
    ", then ": "，然后 ", " or ": " 或 ", " to ": " 至 ", ", ": "，", ": ": "：", "; ": "；",
    " and the ": "与", " and ": "与",
}  # fmt: skip


def translation(text: str, language: str) -> str:
    """The text in this language; words that are not in the list of phrases stay as they are.

    >>> translation("max pool 2×2", "zh"), translation("conv 3×3, batch norm, ReLU", "zh")
    ('最大池化 2×2', '卷积 3×3，批归一化，ReLU')
    """
    if language == "en":
        return text
    found = _pattern().sub(lambda phrase: CHINESE[phrase[0]], text)
    return re.sub(rf"(?<={WIDE}) (?={WIDE})", "", found)


@cache
def _pattern() -> re.Pattern[str]:
    """All phrases, longest first; a phrase that begins or ends with a letter is matched as whole words only."""
    parts = []
    for phrase in sorted(CHINESE, key=len, reverse=True):
        start, end = r"(?<![A-Za-z-])" * phrase[0].isalpha(), r"(?![A-Za-z-])" * phrase[-1].isalpha()
        parts.append(f"{start}{re.escape(phrase)}{end}")
    return re.compile("|".join(parts))
