// The controls of the explorer; a change updates all numbers and the figure.

const LIMITS = { size: [1, 4096], depth: [0, 6], width: [1, 128], ins: [1, 64], outs: [1, 64] };

const NAMES = { size: "Input size", depth: "Depth", width: "Width", ins: "Input channels", outs: "Classes" };

// The figure in words, for screen readers.
function description({ choice, stop }) {
  const invalid = stop ? ", for which this input size is not valid" : "";
  return `U-Net with ${counted(choice.depth + 1, "level")}${invalid}: one box for each map`;
}

class Explorer {
  constructor(root) {
    this.root = root;
    this.form = within(root, "form");
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", (event) => this.changed(event.target));
    root.querySelectorAll("button[data-jump]").forEach((button) => {
      button.addEventListener("click", () => this.jump(Number(button.dataset.jump)));
    });
    this.choice = this.read();
    this.render();
  }

  field(name) {
    return within(this.form, `input[type=number][data-name=${name}]`);
  }

  slider(name) {
    return within(this.form, `input[type=range][data-name=${name}]`);
  }

  read() {
    const choice = { padding: within(this.form, "[data-name=padding]:checked").value };
    choice.rank = Number(within(this.form, "[data-name=rank]:checked").value);
    for (const name of Object.keys(LIMITS)) choice[name] = Number(this.field(name).value);
    return choice;
  }

  // Keeps a number box and its slider equal; reports a value that is not an integer within the limits.
  changed(control) {
    const { name } = control.dataset;
    if (control.type === "range") this.field(name).value = control.value;
    if (control.type === "number" && this.slider(name)) this.slider(name).value = control.value;
    const wrong = Object.keys(LIMITS).filter((each) => !this.allowed(each));
    for (const each of Object.keys(LIMITS)) this.field(each).setAttribute("aria-invalid", String(wrong.includes(each)));
    if (wrong.length) return this.say(this.limitsError(wrong[0]), "bad");
    this.choice = this.read();
    this.render();
  }

  allowed(name) {
    const [least, most] = LIMITS[name];
    const value = this.field(name).value.trim();
    return /^\d+$/.test(value) && Number(value) >= least && Number(value) <= most;
  }

  limitsError(name) {
    const [least, most] = LIMITS[name];
    const value = this.field(name).value.trim() || "nothing";
    return `${NAMES[name]} is ${value}; write a whole number from ${least} to ${most}. The numbers shown are those of the last valid choice.`;
  }

  jump(size) {
    this.field("size").value = size;
    this.changed(this.field("size"));
  }

  // Shows the sentence at once; screen readers get it when the user has not changed anything for 0.4 s.
  say(sentence, kind) {
    const verdict = within(this.root, ".verdict");
    verdict.dataset.kind = kind;
    within(verdict, ".sentence").textContent = sentence;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      within(this.root, "[aria-live]").textContent = sentence;
    }, 400);
  }

  render() {
    const plan = planned(this.choice);
    this.showVerdict();
    this.buttons();
    results(this.root, plan);
    levelTable(this.root, plan);
    mapTable(this.root, plan);
    within(this.root, ".figure").replaceChildren(render(arrange(plan), description(plan)));
    this.viewer = new Viewer(this.root);
  }

  showVerdict() {
    const { size, depth } = this.choice;
    const sentence = sizeError(this.choice);
    if (sentence) this.say(sentence, "bad");
    else this.say(`${size} passes ${counted(depth, "pooling")} and gives ${outputSize(this.choice, size)}`, "good");
  }

  buttons() {
    const near = neighbours(this.choice);
    this.root.querySelectorAll("button[data-jump]").forEach((button, i) => {
      const [, most] = LIMITS.size;
      const size = near[i];
      const known = size !== null && size <= most;
      button.disabled = !known;
      button.dataset.jump = known ? size : "";
      button.textContent = known ? `${["↓", "↑"][i]} ${size} (gives ${outputSize(this.choice, size)})` : ["no smaller size", "no larger size"][i];
    });
  }
}
