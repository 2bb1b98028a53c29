"""The weights of the BasicUNet of MONAI (https://github.com/Project-MONAI/MONAI).

An option of MONAI is a word, such as "batch", or a list of a word and its keyword arguments.
"""

from __future__ import annotations

import json
from typing import Any

from unet_tutorial.nets.foreign_weights import Allowed, Options, Structure, System, Unit, in_json
from unet_tutorial.nets.sources import Source

# by the words of MONAI: those of ``assembled_unet``
ACTS = {"leakyrelu": "leaky_relu", "relu": "relu", "elu": "elu", "swish": "silu", "prelu": "prelu"}
KNOWN_ARGUMENTS = {"group": {"num_groups", "affine"}, "instance": {"affine"}, "leakyrelu": {"negative_slope"}}
AFFINE = {"instance": False, "group": True}  # the defaults of ``affine`` in torch, which MONAI uses


def _in_two_conv(block: str) -> tuple[Unit, Unit]:
    """Convolution, norm and activation, twice; each of the two in a module of its own."""
    first, last = (Unit(f"{block}.conv_{n}.conv", f"{block}.conv_{n}.adn.N", f"{block}.conv_{n}.adn.A") for n in (0, 1))
    return first, last


def _with_arguments(value: Any) -> tuple[Any, dict[str, Any]]:
    """The word and the keyword arguments of an option of MONAI such as "batch" or ["group", {"num_groups": 4}].

    Raises ValueError for an argument that changes the network and has no equal here, such as eps.
    """
    word, arguments = value if isinstance(value, list) and len(value) == 2 else (value, {})
    word = word.lower() if isinstance(word, str) else word
    if not isinstance(arguments, dict) or not isinstance(word, str | None):
        raise ValueError(f"{json.dumps(value)}: write a name, or a list of a name and its arguments by name")
    unknown = arguments.keys() - KNOWN_ARGUMENTS.get(word or "", set()) - {"inplace"}
    if unknown:
        raise ValueError(f"{json.dumps(value)}: {sorted(unknown)[0]} has no equal here; train the network here")
    return word, arguments


def _word(value: Any) -> Any:
    """An option of MONAI without the arguments that its weights do not state: ["group", {"num_groups": 4}] → "group".

    Scale and shift of a norm show in the weights, so ["instance", {"affine": true}], which has another value of
    ``affine`` than the default, is another word than "instance". Other values are returned as they are.
    """
    if not isinstance(value, list | str) or not value or not isinstance(value[0], str):
        return value
    word, arguments = _with_arguments(value)
    affine = bool(arguments.get("affine", AFFINE.get(word)))
    return word if affine == AFFINE.get(word, False) else [word, {"affine": affine}]


def _allowed(structure: Structure) -> Allowed:
    norms: Allowed = {
        "batch": ["batch"],
        "affine": [["instance", {"affine": True}], "group"],
        "": ["instance", None],
    }
    return {
        "spatial_dims": [structure.rank],
        "in_channels": [structure.in_channels],
        "out_channels": [structure.out_channels],
        "features": [[*structure.widths, *structure.decoder_widths[:1]]],
        "act": ["prelu"] if structure.prelu else [name for name in ACTS if name != "prelu"],
        "norm": norms[structure.norm],
        "bias": [structure.bias],
        "upsample": ["deconv"],
    }


def _arguments(structure: Structure, options: Options) -> dict[str, Any]:
    (norm, of_norm), (act, of_act) = _with_arguments(options["norm"]), _with_arguments(options["act"])
    named_norm: Any = norm or "none"
    if norm == "group":
        if of_norm.get("num_groups") not in structure.groups:
            example = json.dumps({"norm": ["group", {"num_groups": structure.groups[-1]}]})
            raise ValueError(
                f"norm {json.dumps(options['norm'])}: num_groups must be one of {in_json(structure.groups)}, such as "
                f"--kwargs '{example}'"
            )
        named_norm = ["group", of_norm["num_groups"]]
    elif norm == "instance" and structure.norm:
        named_norm = "affine_instance"
    named_act: Any = ACTS[str(act)]
    if named_act == "leaky_relu":
        named_act = ["leaky_relu", of_act.get("negative_slope", 0.01)]
    return structure.arguments | {"norm": named_norm, "act": named_act, "bias": structure.bias}


MONAI = System(
    name=Source.MONAI,
    address="https://github.com/Project-MONAI/MONAI, BasicUNet",
    block=lambda i: _in_two_conv(f"down_{i}.convs" if i else "conv_0"),
    up=lambda i, levels: (f"upcat_{i + 1}.upsample.deconv",),  # noqa: ARG005
    up_norm=lambda i, levels: f"upcat_{i + 1}.no_norm",  # noqa: ARG005
    up_act=lambda i, levels: f"upcat_{i + 1}.no_act",  # noqa: ARG005
    step=lambda i, levels: _in_two_conv(f"upcat_{i + 1}.convs"),  # noqa: ARG005
    head="final_conv",
    up_first=False,
    without_up='its network was made with another upsample than "deconv", which no part here equals; train it here',
    defaults={"act": ["leakyrelu", {"negative_slope": 0.1}], "norm": ["instance", {"affine": True}]},
    allowed=_allowed,
    word=_word,
    arguments=_arguments,
)
