"""Fine-tuning: the weights of a checkpoint as the start of another training run."""

from __future__ import annotations

from unet_tutorial.learning.checkpoints import NO_BUILDERS, Builders, Checkpoint
from unet_tutorial.nets.contracts import Network


def start_from(checkpoint: Checkpoint, net: Network, builders: Builders = NO_BUILDERS) -> list[str]:
    """Copy the weights of a checkpoint into a new network, in place. Returns sentences for the user about it.

    If the numbers of classes differ, tensors with one number per class, those of the head, keep their new values; all
    others must have the same names and shapes. ``builders`` are those of ``Checkpoint.network``, whose errors this
    function also raises. Raises ValueError for another number of input channels, and for a network that differs in
    more than its head.
    """
    old = checkpoint.network(builders)
    if old.in_channels != net.in_channels:
        raise ValueError(
            f"{checkpoint.path}: its network has {old.in_channels} input channels, and the new one {net.in_channels}; "
            f"pick {old.in_channels} of the channels of the images with --channels"
        )
    theirs, ours = old.state_dict(), net.state_dict()
    before, after = ({name: tuple(each.shape) for name, each in state.items()} for state in (theirs, ours))
    classes = (old.out_channels, net.out_channels)
    head = [name for name in after if name in before and _differ_by(classes, before[name], after[name])]
    for name in before | after:
        if name not in head and before.get(name) != after.get(name):
            raise ValueError(
                f"{checkpoint.path}: its network differs from the new one ({name} is {before.get(name, 'missing')} "
                f"there, and {after.get(name, 'missing')} here); give the same --preset, --widths and --spacing, "
                "or --net and --kwargs"
            )
    net.load_state_dict({name: ours[name] if name in head else theirs[name] for name in ours})
    sentences = [f"starts from the weights of {checkpoint.path}"]
    if head:
        sentences.append(f"there were {classes[0]} classes and are {classes[1]}, so the head is new: {', '.join(head)}")
    return sentences


def _differ_by(classes: tuple[int, int], before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether two shapes differ, and only along axes of one entry per class."""
    if before == after or len(before) != len(after):
        return False
    return all(pair in (classes, pair[:1] * 2) for pair in zip(before, after, strict=True))
