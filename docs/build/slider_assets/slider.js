// The parts that all pages share: sliders with their values, the sentence, the picture and the table of numbers.

const within = (selector) => document.querySelector(selector);
const sliders = [...document.querySelectorAll("input[type=range]")];

// The value of each slider by its name.
const values = () => Object.fromEntries(sliders.map((slider) => [slider.name, Number(slider.value)]));

function element(kind, attributes = {}, ...inside) {
  const made = document.createElement(kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

function shape(kind, attributes = {}, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

// A drawing of this size; the description is for readers who do not see it.
const drawing = (width, height, description, ...inside) =>
  shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": description }, hatching(), ...inside);

// Diagonal lines, so that no part is told from another by its colour only.
const hatching = () =>
  shape("defs", {}, shape("pattern", { id: "hatched", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    shape("line", { x1: 0, y1: 0, x2: 0, y2: 6, stroke: "var(--soft)", "stroke-width": 2 })));

const text = (x, y, content, anchor = "start") => shape("text", { x, y, "text-anchor": anchor }, String(content));

// A whole number as an exponent: 2 to the power of 4 is `2${raised(4)}`.
const raised = (number) => [...String(number)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");

let waiting = 0;

// Shows the sentence at once; screen readers get it when the reader has stopped moving a slider.
function say(sentence, kind) {
  within(".sentence").textContent = sentence;
  within(".sentence").dataset.kind = kind;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    within("[aria-live]").textContent = sentence;
  }, 400);
}

const picture = (...drawn) => within(".picture").replaceChildren(...drawn);

// A table: its heads, and rows of which the first cell is the head.
function numbers(caption, heads, rows) {
  const line = ([first, ...rest]) =>
    element("tr", {}, element("th", { scope: "row" }, String(first)), ...rest.map((cell) => element("td", {}, String(cell))));
  within(".numbers").replaceChildren(
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows.map(line)),
  );
}

// Buttons that move a slider: [name of the slider, value, label]; without a value the button does nothing.
function buttons(wanted) {
  const held = document.activeElement?.dataset?.number;
  within(".buttons").replaceChildren(...wanted.map(([name, value, label], number) => {
    const made = element("button", { type: "button", "data-number": number, "aria-disabled": value === null }, label);
    if (value !== null) made.addEventListener("click", () => move(name, value));
    return made;
  }));
  if (held !== undefined) within(`[data-number="${held}"]`)?.focus();
}

const named = (name) => sliders.find((slider) => slider.name === name);

function move(name, value) {
  const slider = named(name);
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}

// Calls `show` with the values of the sliders, now and after each change.
function start(show) {
  const update = () => {
    show(values());
    for (const slider of sliders) {
      const value = `${slider.value} ${slider.dataset.unit}`.trim();
      slider.setAttribute("aria-valuetext", value);
      within(`output[for=${slider.id}]`).textContent = value;
    }
  };
  within("form").addEventListener("input", update);
  within("form").addEventListener("submit", (event) => event.preventDefault());
  update();
}
