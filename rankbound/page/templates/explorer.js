// The bound under assumptions that a reader moves. All formulas are in VIEWS, which
// Python prints; here they are only called.
const HEADLINE = "theorem-2-prime";
const KNOBS = [
  { key: "n", symbol: "n_queries", low: 1, high: 1e9, log: true,
    changes: "more or fewer queries like these: the deviation changes as that of the limit does" },
  { key: "delta", symbol: "delta", low: 1e-9, high: 0.5, log: true,
    changes: "how often the limit may fail" },
  { key: "lipschitz", symbol: "lipschitz", low: 0.01, high: 100, log: true,
    changes: "how steep the student is: B is at most L times the diameter" },
  { key: "diameter", symbol: "diameter", low: 0.01, high: 100, log: true,
    changes: "how compact the documents are: B is at most L times the diameter" },
  { key: "entropy", symbol: "entropy", low: 0, high: DATA.explorer.trivial, log: false,
    changes: "how unsure the teacher is: no risk is below it" },
  { key: "divergence", symbol: "divergence", low: 0, high: 2, log: false,
    changes: "how far the student is from the teacher" },
  { key: "kappa", symbol: "kappa", low: 1, high: 10, log: true,
    changes: "1: pairs are drawn by the law that counts; above, Theorem 2 (b) adds the shift" },
  { key: "temperature", symbol: "temperature", low: 0.05, high: 20, log: true,
    changes: "the unit of margins, on which H and D depend" },
  { key: "group_size", symbol: "group_size", low: 2, high: 128, log: true, whole: true,
    changes: "documents of a query, which set the range of its risk (Lemma 2c)" },
];
const STEPS = 1000;

// Call a view with the arguments that it names.
function called(name, values) {
  const view = VIEWS[name];
  return view.value(...view.names.map((code) => values[code]));
}

// Everything about one setting; throws a RangeError outside the domain of a symbol.
function evaluate(given) {
  if (!Number.isInteger(given.group_size)) {
    throw new RangeError(`group_size must be a whole number, got ${given.group_size}`);
  }
  if (!(given.temperature > 0 && given.temperature < Infinity)) {
    throw new RangeError(`temperature must be a positive number, got ${given.temperature}`);
  }
  const values = {
    empirical_entropy: given.entropy,
    empirical_divergence: given.divergence,
    empirical_risk: given.entropy + given.divergence,
    lipschitz: given.lipschitz / given.temperature,
    diameter: given.diameter,
    kappa: given.kappa,
    n_queries: given.n,
    delta: given.delta,
    group_size: given.group_size,
    n_students: 1,
    pseudo_dimension: DATA.explorer.pseudo_dimension,
  };
  values.score_range = values.lipschitz * values.diameter;
  values.cut_ratio = called("lemma-2c-cut-ratio", values);
  values.low = called("lemma-2c-lower", values);
  values.high = called("lemma-2c-upper", values);
  values.width = values.high - values.low;
  const parts = {};
  for (const name of Object.keys(VIEWS)) {
    if (name.startsWith("part: ")) parts[name.slice(6)] = called(name, values);
  }
  return {
    bound: called(HEADLINE, values),
    parts,
    values,
    relatives: {
      [`${HEADLINE}-coarse`]: called(`${HEADLINE}-coarse`, values),
      "theorem-1a": called("theorem-1a", values),
      "paper-form": called("paper-form", values),
    },
  };
}

// The deviation that Theorem 1 (a) gives, with the range of a query's risk by Lemma 2c.
function deviationAt(given, certificate, range) {
  const values = { empirical_risk: 0, n_queries: given.n, delta: given.delta,
    n_students: certificate.n_students, group_size: given.group_size, score_range: range };
  values.cut_ratio = called("lemma-2c-cut-ratio", values);
  values.low = called("lemma-2c-lower", values);
  values.high = called("lemma-2c-upper", values);
  values.width = values.high - values.low;
  return { deviation: called("theorem-1a", values), values };
}

// The deviation at some queries between those of `over_n`, straight on both logarithms.
function between(points, n) {
  const at = points.findIndex((point) => point[0] >= n);
  const last = points.length - 1, from = at < 0 ? last - 1 : Math.max(0, at - 1);
  const [[n0, d0], [n1, d1]] = [points[from], points[from + 1]];
  if (n === n0) return d0;
  if (n === n1) return d1;
  return d0 * (d1 / d0) ** (Math.log(n / n0) / Math.log(n1 / n0));
}

// The certificate of one student if its assumptions change; exact where none has. A
// smaller delta takes as many queries more as its logarithm is larger, and deviations
// grow with the range of a query's risk.
function certifiedAt(given, setting) {
  const { certificate } = setting, points = certificate.over_n;
  const near = (one) => one.lipschitz / one.temperature * one.diameter;
  const range = (one) => (certificate.locality ? Math.min(certificate.clip, near(one))
    : certificate.clip);
  const before = deviationAt(setting, certificate, range(setting));
  const now = deviationAt(given, certificate, range(given));
  let deviation = certificate.deviation * (now.deviation / before.deviation);
  if (points.length > 1) {
    const union = (one) => Math.log(certificate.n_students / one.delta);
    deviation = between(points, given.n * (union(setting) / union(given)))
      * (now.values.width / before.values.width);
  }
  const parts = {
    entropy: given.entropy, divergence: given.divergence, deviation,
    shift: given.kappa === 1 ? 0
      : called("theorem-2b", { pair_width: now.values.score_range, kappa: given.kappa }),
  };
  const bound = Object.values(parts).reduce((total, part) => total + part, 0);
  return { bound, parts, values: now.values, relatives: null };
}

// Fewest queries at which the bound is below ln 2; null where none are enough.
function queriesNeeded(given, evaluated = evaluate) {
  const above = (n) => evaluated({ ...given, n }).bound >= DATA.explorer.trivial;
  let low = 0, high = 18;
  if (above(10 ** high)) return null;
  if (!above(1)) return 1;
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2;
    if (above(10 ** middle)) low = middle;
    else high = middle;
  }
  return Math.ceil(10 ** high);
}

// Mean entropy and divergence of the embedded pairs with all margins divided by tau.
function remeasured(setting, tau) {
  const found = setting.student === undefined ? null
    : DATA.details.find((entry) => entry.result === setting.result);
  if (!found || found.missing) return null;
  const sums = { entropy: 0, divergence: 0, queries: 0 };
  for (const groups of Object.values(found.queries)) {
    const means = groups.map((group) => groupMeans(group, setting.student, tau, found.pairs))
      .filter((mean) => mean !== null);
    if (!means.length) continue;
    sums.queries += 1;
    for (const key of ["entropy", "divergence"]) {
      sums[key] += means.reduce((total, mean) => total + mean[key], 0) / means.length;
    }
  }
  if (!sums.queries) return null;
  return { entropy: sums.entropy / sums.queries,
    divergence: sums.divergence / sums.queries, queries: sums.queries, total: found.total };
}

function groupMeans(group, student, tau, pairs) {
  const scores = group.students[student], sums = { entropy: 0, divergence: 0, count: 0 };
  const entropy = VIEWS["pair: entropy"].value, divergence = VIEWS["pair: divergence"].value;
  for (let i = 0; i < group.docs.length; i += 1) {
    for (let j = i + 1; j < group.docs.length; j += 1) {
      if (scores[i] === null || scores[j] === null || !counts(group, i, j, pairs)) continue;
      const a = group.teacher[i] - group.teacher[j], m = scores[i] - scores[j];
      sums.entropy += entropy(a, tau);
      sums.divergence += divergence(a, m, tau);
      sums.count += 1;
    }
  }
  if (!sums.count) return null;
  return { entropy: sums.entropy / sums.count, divergence: sums.divergence / sums.count };
}

function counts(group, i, j, pairs) {
  if (pairs === "all") return true;
  const positives = Number(group.positive[i]) + Number(group.positive[j]);
  return positives === (pairs === "pos-neg" ? 1 : 0);
}

class Explorer {
  constructor(holder) {
    const { settings, start } = DATA.explorer;
    this.settings = settings;
    this.select = make("select", { id: "setting", onchange: () => this.load() },
      settings.map((setting, at) => make("option", { value: String(at), selected: at === start },
        setting.name)));
    this.form = make("select", { id: "form", onchange: () => this.load(this.form.value) },
      make("option", { value: "student" }, "this student: its certificate"),
      make("option", { value: "class" }, "a class of students, any law of pairs: Theorem 2\u2032"));
    this.forms = field("Bound of", this.form);
    this.note = make("p", { class: "quiet" });
    this.fields = {};
    const knobs = KNOBS.map((knob) => this.knob(knob));
    this.again = make("input", { type: "checkbox", id: "remeasure", checked: true,
      onchange: () => this.update() });
    this.answer = make("p", { role: "status", class: "answer", id: "answer" });
    this.warmth = make("p", { class: "quiet", id: "temperature-note" });
    this.fall = shape("svg", { class: "plot", id: "waterfall", role: "img" });
    this.curve = shape("svg", { class: "plot", id: "curve", role: "img" });
    this.tables = make("div", { class: "columns" });
    const reset = make("button", { type: "button", onclick: () => this.load() }, "Back to its numbers");
    holder.append(
      make("div", { class: "tools" }, field("Begin with", this.select), this.forms, reset), this.note,
      make("div", { class: "knobs" }, knobs),
      make("p", {}, this.again, " ", make("label", { for: "remeasure" },
        "at another temperature, measure H and D again on the pairs in this page, where it has any")),
      this.warmth, this.answer, make("div", { class: "columns" },
        make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Parts" },
          make("h3", {}, "Parts of the bound"), this.fall),
        make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Curves" },
          make("h3", {}, "Over the number of queries"), this.curve)),
      this.tables);
    this.load();
  }

  knob(knob) {
    const number = make("input", { type: "number", id: `k-${knob.key}`,
      step: knob.whole ? "1" : "any" });
    const slider = make("input", { type: "range", min: "0", max: String(STEPS), step: "1",
      id: `s-${knob.key}`, "aria-label": `${knob.key.replace("_", " ")}, slider` });
    const meaning = make("span", { class: "tip", role: "tooltip", id: `m-${knob.key}` },
      DATA.symbols[knob.symbol]);
    const name = make("span", { class: "term", tabindex: "0", "aria-describedby": meaning.id },
      knobName(DATA.symbols[knob.symbol]), meaning);
    number.setAttribute("aria-describedby", meaning.id);
    number.setAttribute("aria-label", knob.key.replace("_", " "));
    slider.addEventListener("input", () => {
      number.value = String(valueAt(knob, Number(slider.value) / STEPS));
      slider.setAttribute("aria-valuetext", number.value);
      this.update();
    });
    slider.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      const now = Number(number.value), place = Number(slider.value) + (by || 0);
      // Several steps of the slider may be one whole number: a key must move it
      if (!(knob.whole || knob.key === "n") || !by) return;
      if (place < 0 || place > STEPS || valueAt(knob, place / STEPS) !== now) return;
      event.preventDefault();
      number.value = String(now + by);
      placeSlider(knob, slider, now + by);
      this.update();
    });
    number.addEventListener("input", () => {
      placeSlider(knob, slider, Number(number.value));
      this.update();
    });
    this.fields[knob.key] = { number, slider, knob };
    return make("div", { class: "knob", role: "group", "aria-label": knob.key.replace("_", " ") },
      make("div", { class: "name" }, name), slider, number,
      make("div", { class: "changes" }, knob.changes));
  }

  get setting() { return this.settings[Number(this.select.value)]; }

  // The numbers to begin with. Pairs of a certificate are drawn by the law that counts.
  start(key) { return key === "kappa" && this.certified ? 1 : this.setting[key]; }

  load(form = this.setting.certificate ? "student" : "class") {
    this.forms.hidden = !this.setting.certificate;
    this.form.value = form;
    for (const { number, slider, knob } of Object.values(this.fields)) {
      const value = rounded(this.start(knob.key));
      number.value = String(value);
      placeSlider(knob, slider, value);
    }
    this.note.textContent = this.setting.note ? `${this.setting.note}.` : "";
    this.update();
  }

  // A field that nobody changed stands for all digits of its number.
  given() {
    const entries = Object.entries(this.fields).map(([key, { number }]) => [key,
      this.changed(key) ? (number.value === "" ? NaN : Number(number.value)) : this.start(key)]);
    return Object.fromEntries(entries);
  }

  changed(key) { return this.fields[key].number.value !== String(rounded(this.start(key))); }

  get certified() { return this.form.value === "student" && Boolean(this.setting.certificate); }

  evaluated(given) { return this.certified ? certifiedAt(given, this.setting) : evaluate(given); }

  // With H and D of the temperature, where they can be measured.
  tempered() {
    const given = this.given(), tau = given.temperature;
    if (tau === 1) {
      this.warmth.textContent = "Temperature 1: all numbers as given.";
      return given;
    }
    const told = [`Temperature ${shown(tau)}: the margins of teacher and student are divided by `
      + `it, so L is ${shown(given.lipschitz / tau)} in the new temperatures`];
    const again = this.again.checked && tau > 0 ? remeasured(this.setting, tau) : null;
    if (again) {
      told.push(`H = ${shown(again.entropy)} and D = ${shown(again.divergence)} are measured again `
        + `on the pairs of ${again.queries.toLocaleString("en-US")} of `
        + `${again.total.toLocaleString("en-US")} queries, in place of the numbers above`);
      given.entropy = again.entropy;
      given.divergence = again.divergence;
    } else {
      told.push("H and D are left as given, though they would change with it: "
        + (this.again.checked ? "this page holds no pairs to measure them on" : "as you chose"));
    }
    this.warmth.textContent = `${told.join("; ")}.`;
    return given;
  }

  // What is wrong with the fields, each marked; empty where all may be computed with.
  faults() {
    return Object.values(this.fields).flatMap(({ knob, number }) => {
      const fault = faultOf(knob, number.value);
      if (fault) number.setAttribute("aria-invalid", "true");
      else number.removeAttribute("aria-invalid");
      return fault ? [fault] : [];
    });
  }

  update() {
    const faults = this.faults();
    if (faults.length) return this.refuse(faults.join("; "));
    const given = this.tempered(), result = this.evaluated(given);
    // The pictures go up to twice the bound
    if (!Number.isFinite(2 * result.bound)) return this.refuse("it is too large for a number");
    return this.show(given, result);
  }

  refuse(why) {
    this.answer.textContent = `No bound: ${why}.`;
    this.answer.className = "answer caution";
    this.warmth.textContent = "";
    delete this.answer.dataset.bound;
    delete this.answer.dataset.parts;
    for (const picture of [this.fall, this.curve]) {
      picture.setAttribute("aria-label", "Not drawn, since there is no bound");
      picture.replaceChildren();
    }
    this.tables.replaceChildren();
  }

  show(given, result) {
    const { trivial } = DATA.explorer, vacuous = result.bound >= trivial;
    const largest = Object.entries(result.parts).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
    const needed = queriesNeeded(given, (one) => this.evaluated(one));
    const moved = KNOBS.filter(({ key }) => this.changed(key)).map(({ key, symbol }) =>
      `${knobName(DATA.symbols[symbol])} = ${shown(given[key])} instead of ${shown(this.start(key))}`);
    const name = !this.certified ? `Bound ${shown(result.bound)} nats`
      : moved.length ? `Upper limit about ${shown(result.bound)} nats, if nothing else changed than ${moved.join(", ")}`
        : `Upper limit ${shown(result.bound)} nats, the certificate as measured`;
    const when = needed === null ? "no number of queries would bring it there"
      : `it is below from n = ${needed.toLocaleString("en-US")} on`;
    this.answer.textContent = `${name}: ${vacuous
      ? `vacuous, not below ln 2 = ${shown(trivial)}; ${when}`
      : `not vacuous, below ln 2 = ${shown(trivial)}; ${when}`}. The largest part is ${
      partName(largest)}.`;
    this.answer.className = `answer ${vacuous ? "bad" : "good"}`;
    this.answer.dataset.bound = String(result.bound);
    this.answer.dataset.parts = JSON.stringify(result.parts);
    drawFall(this.fall, result);
    drawCurve(this.curve, given, result, (one) => this.evaluated(one));
    this.tables.replaceChildren(...explorerTables(result, this.setting, given));
  }
}

function explorerTables(result, setting, given) {
  const { values, relatives } = result;
  const share = (value) => `${(100 * value / result.bound).toFixed(1)} %`;
  const parts = Object.entries(result.parts).map(([name, value]) =>
    [partName(name), shown(value), share(value)]);
  const others = [
    [relatives ? "B = L times diameter, in temperatures" : "B, in temperatures",
      shown(values.score_range)],
    ["smallest risk of one query (Lemma 2c)", shown(values.low)],
    ["largest risk of one query (Lemma 2c)", shown(values.high)],
    ["width of the range", shown(values.width)],
    ...(relatives ? [
      ["with the width of one pair (theorem-2-prime-coarse)", shown(relatives[`${HEADLINE}-coarse`])],
      ["one fixed student, no shift (theorem-1a)", shown(relatives["theorem-1a"])],
      [`the paper's form, reconstructed, for ${shown(DATA.explorer.weights)} weights in ${
        DATA.explorer.layers} layers (paper-form)`, shown(relatives["paper-form"])],
    ] : []),
  ];
  if (setting.mean_teacher_margin !== undefined) {
    const margin = setting.mean_teacher_margin / given.temperature;
    others.push(["entropy floor from the mean margin (theorem-4a)",
      shown(VIEWS["theorem-4a"].value(margin))]);
  }
  return [
    plainTable("Parts, in nats", ["part", "nats", "share"], [...parts,
      [relatives ? "bound" : "upper limit", shown(result.bound), share(result.bound)]], 1),
    plainTable("What goes into it, and relatives, in nats", ["quantity", "value"], others, 1),
  ];
}

function partName(name) { return name.replaceAll(" x ", " × "); }

// What a field shows is what is computed with, so it has no more digits than are read.
function rounded(value) {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}

function valueAt(knob, share) {
  const value = knob.log ? knob.low * (knob.high / knob.low) ** share
    : knob.low + (knob.high - knob.low) * share;
  if (knob.whole || (knob.key === "n" && value < 1e4)) return Math.round(value);
  return Number(value.toPrecision(4));
}

// Why a field cannot be computed with; empty where it can. The ends are the notation's.
function faultOf(knob, text) {
  const { low, high, with_low: withLow, with_high: withHigh, whole } =
    DATA.explorer.domains[knob.symbol];
  const value = text === "" ? NaN : Number(text);
  const inside = (withLow ? value >= low : value > low)
    && (high === null || (withHigh ? value <= high : value < high));
  if (inside && Number.isFinite(value) && (!whole || Number.isInteger(value))) return "";
  const ends = [`${withLow ? "of at least" : "above"} ${shown(low)}`,
    ...(high === null ? [] : [`${withHigh ? "at most" : "below"} ${shown(high)}`])];
  return `${knob.key.replace("_", " ")} is a ${whole ? "whole number" : "number"} ${
    ends.join(" and ")}, and the field ${text === "" ? "is empty" : `has ${text}`}`;
}

// "n (n_queries): ..." as "n (n queries)", "kappa (kappa): ..." as "kappa".
function knobName(meaning) {
  const [symbol, code] = meaning.split(/ \(|\): /);
  return symbol === code ? symbol : `${symbol} (${code.replaceAll("_", " ")})`;
}

function placeSlider(knob, slider, value) {
  const share = knob.log ? Math.log(value / knob.low) / Math.log(knob.high / knob.low)
    : (value - knob.low) / (knob.high - knob.low);
  slider.value = String(Math.round(STEPS * Math.min(1, Math.max(0, share || 0))));
  slider.setAttribute("aria-valuetext", Number.isFinite(value) ? String(value) : "no number");
}

function drawFall(svg, result) {
  const whole = result.relatives ? "bound" : "upper limit";
  const names = [...Object.keys(result.parts), whole], { trivial } = DATA.explorer;
  const width = 560, left = 150, right = 70, high = 34, top = 26;
  const height = top + high * names.length + 34;
  const most = Math.max(result.bound, trivial) * 1.02;
  const x = (value) => left + (value / most) * (width - left - right);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", `Parts of the bound in nats: ${Object.entries(result.parts)
    .map(([name, value]) => `${partName(name)} ${shown(value)}`).join(", ")}; together ${
    shown(result.bound)}`);
  const bottom = height - 30;
  const marks = [shape("rect", { class: "vacuous", x: x(trivial), y: top - 4,
    width: x(most) - x(trivial), height: bottom - top + 4 })];
  for (const tick of niceTicks(0, most, 5)) {
    marks.push(shape("path", { class: "grid", d: `M${x(tick)} ${top - 4}V${bottom}` }),
      shape("text", { x: x(tick), y: height - 12, "text-anchor": "middle" }, String(tick)));
  }
  marks.push(shape("text", { x: x(trivial), y: 15, "text-anchor": "middle" }, "ln 2"),
    shape("path", { class: "axis", d: `M${x(trivial)} ${top - 4}V${bottom}` }));
  let from = 0;
  names.forEach((name, at) => {
    const total = name === whole, value = total ? result.bound : result.parts[name];
    const start = total ? 0 : from, y = top + at * high;
    marks.push(
      shape("rect", { class: `bar${total ? " total" : ""}`, x: x(start), y: y + 5,
        width: Math.max(0.5, x(start + value) - x(start)), height: high - 12 }),
      shape("text", { x: left - 8, y: y + high / 2 + 3, "text-anchor": "end" }, partName(name)),
      shape("text", { x: x(start + value) + 6, y: y + high / 2 + 3 }, shown(value)));
    from += total ? 0 : value;
  });
  svg.replaceChildren(...marks);
}

function drawCurve(svg, given, result, evaluated) {
  const width = 560, height = 300, left = 56, right = 16, top = 44, bottom = 40;
  const { trivial } = DATA.explorer, count = 90;
  const ends = [1, Math.max(9, Math.ceil(Math.log10(given.n) + 0.5))];
  const queries = [...Array(count).keys()].map((at) =>
    10 ** (ends[0] + (ends[1] - ends[0]) * at / (count - 1)));
  const found = queries.map((n) => evaluated({ ...given, n }));
  const lines = [
    [result.relatives ? "bound" : "upper limit", "--curve", "", (r) => r.bound],
    ["entropy + divergence", "--second", "7 4", (r) => r.parts.entropy + r.parts.divergence],
    "shift" in result.parts ? ["shift", "--third", "2 3", (r) => r.parts.shift]
      : ["locality", "--third", "2 3",
        (r) => r.parts["locality x shift"] + r.parts["locality x complexity"]],
    ["deviation", "--quiet", "8 3 2 3", (r) => r.parts.deviation],
  ];
  const most = Math.log10(2 * Math.max(trivial, ...found.map((r) => r.bound)));
  const least = -3;
  const x = (n) => scaled(Math.log10(n), ends, left, width - right);
  const y = (value) => scaled(Math.max(least, Math.log10(value)), [least, most], height - bottom, top);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", `The bound over the number of queries, both logarithmic: ${
    shown(found[0].bound)} nats at n = 10, ${shown(result.bound)} at n = ${
    given.n.toLocaleString("en-US")}`);
  const marks = [shape("rect", { class: "vacuous", x: left, y: top,
    width: width - left - right, height: Math.max(0, y(trivial) - top) })];
  for (const power of niceTicks(...ends, 9).filter(Number.isInteger)) {
    const at = x(10 ** power);
    marks.push(shape("path", { class: "grid", d: `M${at} ${top}V${height - bottom}` }),
      shape("text", { x: at, y: height - bottom + 16, "text-anchor": "middle" }, `1e${power}`));
  }
  for (const power of niceTicks(least, most, 9).filter(Number.isInteger)) {
    marks.push(shape("path", { class: "grid", d: `M${left} ${y(10 ** power)}H${width - right}` }),
      shape("text", { x: left - 6, y: y(10 ** power) + 4, "text-anchor": "end" },
        Math.abs(power) > 4 ? `1e${power}` : String(Number((10 ** power).toPrecision(1)))));
  }
  marks.push(shape("text", { x: width - right - 6, y: top + 14, "text-anchor": "end" },
    "vacuous: ln 2 and above"),
    shape("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" },
      "queries n"),
    shape("text", { transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)`,
      "text-anchor": "middle" }, "nats"));
  let place = left;
  for (const [name, colour, dashes, value] of lines) {
    const heights = found.map(value);
    if (!heights.some((one) => one >= 10 ** least)) continue;
    const style = `stroke: var(${colour}); stroke-dasharray: ${dashes || "none"}; stroke-width: ${
      colour === "--curve" ? 3 : 1.8}`;
    // Below the axis there is no line, rather than one along it
    const path = heights.map((one, at) => one < 10 ** least ? ""
      : `${at && heights[at - 1] >= 10 ** least ? "L" : "M"}${x(queries[at]).toFixed(2)} ${
        y(one).toFixed(2)}`).join("");
    marks.push(shape("path", { class: "line", d: path, style }),
      shape("path", { class: "line", d: `M${place} 16h26`, style }),
      shape("text", { x: place + 31, y: 20 }, name));
    place += 31 + 7 * name.length + 18;
  }
  if (given.n >= 10) {
    marks.push(shape("circle", { class: "dot chosen", cx: x(given.n), cy: y(result.bound), r: 5 }));
  }
  svg.replaceChildren(...marks);
}

const explorer = new Explorer(document.getElementById("explorer-body"));
// For the console: rankbound.evaluate({n: 1000, delta: 0.05, ...})
window.rankbound = Object.freeze({ evaluate, queriesNeeded, remeasured, views: VIEWS, explorer });
