// The controls of the explorer; a change updates all numbers and the figure.

// The figure in words, for screen readers.
function description({ choice, stop }) {
  const invalid = stop ? ", for which this input size is not valid" : "";
  return `U-Net with ${counted(choice.depth + 1, "level")}${invalid}: one box for each map`;
}

// Whether a number box holds a whole number within its limits.
function isAllowed({ value, min, max }) {
  return /^\d+$/.test(value.trim()) && Number(value) >= Number(min) && Number(value) <= Number(max);
}

function limitsError({ value, min, max, labels }) {
  const name = labels[0].firstChild.textContent.trim();
  const text = value.trim() || "nothing";
  return `${name} is ${text}; write a whole number from ${min} to ${max}. The numbers shown are those of the last valid choice.`;
}

class Explorer {
  constructor(root) {
    this.root = root;
    this.form = within(root, "form");
    this.fields = [...this.form.querySelectorAll("input[type=number]")];
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", (event) => this.changed(event.target));
    root.querySelectorAll("button[data-jump]").forEach((button) => {
      button.addEventListener("click", () => this.jump(Number(button.dataset.jump)));
    });
    this.choice = this.read();
    this.render();
  }

  field(name) {
    return this.fields.find((field) => field.dataset.name === name);
  }

  slider(name) {
    return within(this.form, `input[type=range][data-name=${name}]`);
  }

  read() {
    const choice = { padding: within(this.form, "[data-name=padding]:checked").value };
    choice.rank = Number(within(this.form, "[data-name=rank]:checked").value);
    for (const field of this.fields) choice[field.dataset.name] = Number(field.value);
    return choice;
  }

  // Keeps a number box and its slider equal; reports a value that is not an integer within the limits.
  changed(control) {
    const { name } = control.dataset;
    if (control.type === "range") this.field(name).value = control.value;
    if (control.type === "number" && this.slider(name)) this.slider(name).value = control.value;
    const wrong = this.fields.filter((field) => !isAllowed(field));
    for (const field of this.fields) field.setAttribute("aria-invalid", String(wrong.includes(field)));
    if (wrong.length) return this.say(limitsError(wrong[0]), "bad");
    this.choice = this.read();
    this.render();
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
    const most = Number(this.field("size").max);
    this.root.querySelectorAll("button[data-jump]").forEach((button, i) => {
      const size = near[i];
      const possible = size !== null && size <= most;
      button.disabled = !possible;
      button.dataset.jump = possible ? size : "";
      button.textContent = possible ? `${["↓", "↑"][i]} ${size} (gives ${outputSize(this.choice, size)})` : ["no smaller size", "no larger size"][i];
    });
  }
}
