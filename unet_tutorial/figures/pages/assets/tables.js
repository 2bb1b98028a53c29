// The numbers of a plan as text: totals, a row per level, a row per map.

const NONE = "—";

function results(root, plan) {
  const { choice, totals, stop } = plan;
  const own = parameterCount(choice);
  const known = (text) => (stop ? NONE : text());
  const texts = {
    output: known(() => axesText(alongAxes(outputSize(choice, choice.size), choice.rank))),
    margin: known(() => `${(choice.size - outputSize(choice, choice.size)) / 2} px per side`),
    valid: validWords(choice),
    field: `${rangeText(receptiveField(choice))} px per axis`,
    parameters: grouped(own),
    weights: mib(own * FLOAT),
    macs: known(() => grouped(totals.macs)),
    saved: known(() => `${grouped(totals.saved)} B = ${mib(totals.saved)}`),
    peak: known(() => `${grouped(totals.peak)} B = ${mib(totals.peak)}`),
  };
  for (const [name, text] of Object.entries(texts)) within(root, `[data-result=${name}]`).textContent = text;
}

function validWords(choice) {
  const { start, step } = validSizes(choice);
  return `${start}, ${start + step}, ${start + 2 * step}, … (every ${step === 1 ? "one" : `${step} px`})`;
}

const headed = (text) => make("th", { scope: "row" }, text);

const cell = (text) => make("td", {}, text);

// A row per level: number, channels, encoder sizes, crop of the skip, decoder sizes.
function levelTable(root, plan) {
  const { choice, nodes } = plan;
  const rows = [];
  for (let level = 0; level <= choice.depth; level++) {
    const here = nodes.filter((node) => node.level === level);
    const down = here.filter((node) => node.side === "enc" || node.side === "bottom");
    const up = here.filter((node) => node.side === "dec" && node.op !== "concat");
    const crop = here.find((node) => node.op === "crop");
    const merged = here.some((node) => node.op === "concat");
    const sizes = (list) => list.map((node) => node.size).join(" → ") || NONE;
    const cropText = crop ? `${crop.crop} px per side` : merged ? "0 px" : NONE;
    const cells = [grouped(choice.width * 2 ** level), sizes(down), cropText, sizes(up)];
    rows.push(make("tr", {}, headed(String(level)), ...cells.map(cell)));
  }
  within(root, "table.levels tbody").replaceChildren(...rows);
}

function mapTable(root, plan) {
  const { choice, nodes } = plan;
  const table = within(root, "table.maps");
  table.dataset.size = alongAxes(choice.size, choice.rank).join(",");
  within(table, "tbody").replaceChildren(...nodes.map((node) => mapRow(node, nodes, choice.rank)));
  within(root, "[data-result=count]").textContent = String(nodes.length);
}

function mapRow(node, nodes, rank) {
  const sees = alongAxes(seenByMiddle(nodes, node).join(" "), rank).join(",");
  const texts = [
    operationName(node, rank),
    axesText([node.channels, ...alongAxes(node.size, rank)]),
    node.crop ? String(node.crop) : NONE,
    ...["parameters", "macs", "bytes", "saved"].map((key) => grouped(node[key])),
    rangeText(nodeReceptiveField(nodes, node)),
  ];
  return make("tr", { "data-node": node.id, "data-op": node.op, "data-sees": sees }, headed(node.id), ...texts.map(cell));
}
