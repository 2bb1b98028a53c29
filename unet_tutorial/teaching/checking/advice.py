"""What common exceptions mean, in a sentence for a student."""

from __future__ import annotations

import re

ADVICE: tuple[tuple[str, str], ...] = (
    (r"'(?:numpy\.)?float\d*' object cannot be interpreted as an integer", "use // instead of /"),
    (r"slice indices must be integers", "use // instead of /"),
    (r"Expected dtype int32 or int64 for index", "use // instead of /"),
    (r"tuple of ints, ?but (?:got|found element of type) float", "use // instead of /"),
    (
        r"leaf Variable that requires grad.*, in your line \d+: .*\.(weight|bias)\b",
        r"change a parameter under torch.no_grad(): then .\1 can be overwritten in place",
    ),
    (r"must be tuple of ints, not float", "sizes are whole numbers: use // instead of /, or int(…)"),
    (r"Got 4D input, but linear mode needs 3D", "mode='linear' is for one axis; of maps it is 'bilinear'"),
    (
        r"Cannot cast ufunc '\w+' output",
        "whole numbers cannot become floats in place: write x = x - 1.5, and not x -= 1.5",
    ),
    (
        r"leaf Variable that requires grad",
        "it changes an argument in place; work on a copy of that one, made by .clone()",
    ),
    (
        r"Sizes of tensors must match except in dimension (\d+). Expected size (\d+) but got size (\d+)",
        r"the maps have sides of \2 and \3 pixels; only along axis \1 may they differ",
    ),
    (
        r"weight of size \[[\d, ]+\], expected input\[[\d, ]+\] to have (\d+) channels, but got (\d+)",
        r"a convolution made for \1 input channels got \2",
    ),
    (
        r"Expected \d+D (?:\(unbatched\) )?or \d+D \(batched\) input.*got input of size: (\[[\d, ]+\])",
        r"a layer got an input of shape \1, which has another number of axes",
    ),
    (
        r"(?:must match the size of tensor b|could not be broadcast together).*, in your line \d+: "
        r"(?!.*keepdim).*\.(mean|sum|std|var|amax|amin|max|min)\((?!\))",
        r"\1 takes its axes away; they stay, with one entry each, if you write keepdim=True (keepdims=True in NumPy)",
    ),
    (
        r"must match the size of tensor b|could not be broadcast together|not broadcastable",
        "the shapes do not fit each other: compare them axis by axis, beginning with the last",
    ),
    (
        r"Dimension out of range \(expected to be in range of \[-(\d+),",
        r"the number of axes is \1 here; a reduction takes its axis away",
    ),
    (r"axis (\d+) is out of bounds for array of dimension (\d+)", r"the number of axes is \2, and the first is axis 0"),
    (
        r"index (\d+) is out of bounds for (?:axis|dimension) \d+ with size (\d+)",
        r"\2 items have the indices 0 to \2 - 1; this asks for \1",
    ),
    (r"list index out of range|tuple index out of range", "n items have the indices 0 to n - 1"),
    (r"cannot access local variable '(\w+)'", r"\1 has no value yet; give it one before this line"),
    (r"name '(\w+)' is not defined", r"\1 has no value here; is it misspelled, or does its cell still have to be run?"),
    (
        r"(sqrt|exp|log)\(\): argument 'input' .*must be Tensor, not (?:float|int)",
        r"use math.\1 for a number; torch.\1 takes a tensor",
    ),
    (
        r"(sqrt|exp|log)\(\): argument 'input' .*must be Tensor, not numpy",
        r"use np.\1 for an array; torch.\1 takes a tensor",
    ),
    (
        r"must be Tensor, not (?:numpy\.)?(\w+)",
        r"a \1 was given where a tensor is needed; a layer has to be called: layer(x)",
    ),
    (r"before Module.__init__\(\) call", "call super().__init__() first in __init__"),
    (
        r"permute.*input\.dim\(\) = (\d+) is not equal to len\(dims\) = (\d+)",
        r"the tensor has \1 axes here, and permute names \2",
    ),
    (r"list is not a Module subclass", "nn.Sequential takes modules one by one: nn.Sequential(*layers)"),
    (r"is not a Module subclass", "nn.Sequential takes modules, such as nn.ReLU(), and no functions"),
    (r"subscript (\w) has size (\d+) .* previously seen size (\d+)", r"\1 stands for axes of \3 and \2 entries"),
    (r"mat1 and mat2 shapes cannot be multiplied", "a linear layer works on the last axis"),
    (
        r"\b(max|min)\(\) received an invalid combination of arguments - got .*(?:tuple|list)",
        r"\1 takes one axis; for several axes at once use a\1",
    ),
    (r"return_types\.(\w+)", r"\1 along an axis returns a pair: values and indices"),
    (
        r"'NoneType' .*, in your line \d+: .*\.bias\b|argument 'input' .* must be Tensor, not NoneType.*\.bias\b",
        "a layer without biases has None as its bias: test `if layer.bias is not None` first",
    ),
    (r"'NoneType' object", "a value is None here; is a return missing in a function that it calls?"),
    (r"exceptions must derive from BaseException", "raise an exception: raise ValueError(…)"),
    (
        r"Boolean value of Tensor with more than one value|truth value of an array with more than one element",
        "this condition has one truth value for each entry: use .any() or .all(), or `is not None`; "
        "for two conditions per pixel use & and |",
    ),
    (r"cannot assign '.*' as parameter '(\w+)'", r"overwrite the values of .\1 in place, under torch.no_grad()"),
    (
        r"can't multiply sequence by non-int of type '(\w+)'",
        r"a \1 cannot multiply a list or tuple; multiply their items, with a loop or math.prod",
    ),
    (
        r"only \S+ arrays can be converted to Python|only one element tensors|elements cannot be converted to Scalar",
        "functions such as math.exp take one number; use np.exp for an array, torch.exp for a tensor",
    ),
    (r"ZeroDivisionError", "the divisor is 0 in this call: treat this case first"),
    (
        r"Index tensor must have the same number of dimensions as input",
        "gather needs an index with as many axes as the tensor: index.unsqueeze(1)",
    ),
    (
        r"weight tensor should be defined either for all or no classes",
        "the argument weight of cross_entropy holds one number per class; multiply by a map of weights instead",
    ),
    (
        r"not implemented for '(\w+)'",
        r"this function of torch takes no tensor of type \1; convert it, as with x.double()",
    ),
    (
        r"grid_sampler.*(?:in last dimension|same batch size)|but grid is 4D|expected 4D or 5D input",
        "grid_sample needs a map (N, C, H, W) and a grid (N, H, W, 2); add an axis with x[:, None] or x[None]",
    ),
    (
        r"same dtype, but|expected scalar type \w+ but found|expected m1 and m2 to have the same dtype",
        "the two tensors have different dtypes; convert one: x.to(other.dtype)",
    ),
    (
        r"Input and output must have the same number of spatial dimensions",
        "size has to hold the sides of a map alone, such as x.shape[-2:]",
    ),
    (r"math domain error", "the argument of log or sqrt is negative here, or the log of 0: treat this case first"),
    (r"unhashable type: '(?:numpy\.)?(\w+)'", r"a set or a dict takes no \1; for an array, use np.unique"),
    (r"shape '\[[\d, -]+\]' is invalid for input of size (\d+)", r"the product of the new sides has to be \1"),
    (
        r"unsupported operand type\(s\) for (.+?): '(\w+)' and '(\w+)'",
        r"\1 works on numbers and arrays, and not on types \2 and \3",
    ),
    (r"takes (?:from )?[\w ]*positional arguments? but \d+ (?:was|were) given", "compare the arguments with the call"),
    (r"missing \d+ required positional arguments?: (.+)", r"give it a value for \1"),
    (r"Kernel size can't be greater than actual input size", "the map is too small here: is it pooled once too often?"),
    (r"does not have a deterministic|element 0 of tensors does not require grad", "no gradient reaches the result"),
    (
        r"not enough values to unpack \(expected (\d+), got (\d+)",
        r"on the left there are \1 names, and on the right \2 values",
    ),
    (r"(?:too many|not enough) values to unpack \(expected (?:at least )?(\d+)", r"on the left there are \1 names"),
    (
        r"expanded size of the tensor \((\d+)\) must match the existing size \((\d+)\) at non-singleton \w+ (\d+)",
        r"along axis \3 there is room for \1 entries, and the values have \2",
    ),
    (
        r"could not broadcast input array from shape (\(.*?\)) into shape (\(.*?\))",
        r"there is room for an array of shape \2, and the values have shape \1",
    ),
    (
        r"stack expects each tensor to be equal size, but got (\[.*?\]) at entry \d+ and (\[.*?\])",
        r"the tensors have the shapes \1 and \2; to be stacked they need the same",
    ),
    (
        r"Padding size should be less than",
        "torch's reflect mode mirrors only once, and the image is too small for that",
    ),
    (r"maximum recursion depth", "the function calls itself without end; it needs a case that does not"),
)


def advice(raised: str) -> str:
    """The advice for an exception, given its type and message and perhaps the line of code; empty if there is none.

    >>> advice("IndexError: list index out of range")
    'n items have the indices 0 to n - 1'
    >>> advice("KeyError: 'a'")
    ''
    """
    found = ((re.search(pattern, raised), sentence) for pattern, sentence in ADVICE)
    return next((match.expand(sentence) for match, sentence in found if match), "")
