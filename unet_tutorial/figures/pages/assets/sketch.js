// drawing/sketch.py for a plain U-Net: its boxes and arrows before coordinates are assigned. An upsampled map is part of
// the box of the concatenation after it, and a cropped one too.

function sketched({ nodes }) {
  const drawn = nodes.filter((node) => node.op !== "up" && node.op !== "crop");
  const maps = drawn.map((node) => ({ node, skipChannels: skipChannels(node), caption: caption(node) }));
  const steps = drawn.slice(1).map((node, i) => ({ kind: stepKind(node), source: i, target: i + 1 }));
  const copies = drawn.filter((node) => node.op === "concat").map((node) => copyLink(drawn, node));
  return { maps, steps, copies };
}

const skipChannels = (node) => (node.op === "concat" ? node.inputs[0].channels : 0);

const caption = (node) => (node.op === "input" ? "input" : node.side === "head" ? "output" : "");

// The kind of arrow into a box: a key of ARROW_STYLES.
function stepKind(node) {
  if (node.op === "conv") return node.window.kernel === 1 ? "point" : "conv";
  return node.op === "pool" ? "pool" : "up";
}

function copyLink(drawn, node) {
  const skip = node.inputs[0];
  const source = skip.op === "crop" ? skip.inputs[0] : skip;
  return { kind: "copy", source: drawn.indexOf(source), target: drawn.indexOf(node), crop: skip.crop, kept: skip.size };
}
