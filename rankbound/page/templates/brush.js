// A scatter of two columns; a box drawn on it keeps the table's rows inside, and back.
const PLOT = { width: 640, height: 400, left: 62, right: 14, top: 14, bottom: 46 };

class Scatter {
  constructor(table) {
    this.table = table;
    const { data } = table, holder = table.section.querySelector(".brush");
    const choice = (axis) => make("select", { onchange: () => this.reset() },
      data.columns.map((name) => make("option", { value: name,
        selected: name === data.axes[axis] }, name)));
    this.selects = [choice(0), choice(1)];
    this.ends = ["x from", "x to", "y from", "y to"].map((words) => {
      const input = make("input", { type: "number", step: "any", oninput: () => this.typed() });
      return { words, input };
    });
    this.told = make("p", { role: "status", class: "quiet" });
    this.svg = shape("svg", { class: "plot", viewBox: `0 0 ${PLOT.width} ${PLOT.height}`,
      role: "img" });
    holder.append(
      make("h3", {}, "Two columns"),
      // Once is enough on a page
      ...(table.index === 0 ? [make("p", { class: "quiet" },
        "Draw a box, or type its ends, to keep the rows inside it; the filters of the table fade "
        + "the points that they leave out. A click on a point opens its query.")] : []),
      make("div", { class: "tools" },
        field("across", this.selects[0]), field("up", this.selects[1]),
        this.ends.map((end) => field(end.words, end.input)),
        make("button", { type: "button", onclick: () => this.reset() }, "Remove the box")),
      this.svg, this.told);
    table.listeners.push((what) => (what === "clear" ? this.empty() : this.paint()));
    this.pointer();
    this.reset();
  }

  reset() {
    this.empty();
    this.columns = this.selects.map((select) => this.table.data.columns.indexOf(select.value));
    this.draw();
    this.table.box = null;
    this.table.update();
  }

  empty() {
    this.box = null;
    for (const end of this.ends) end.input.value = "";
  }

  point(row) { return this.columns.map((at) => this.table.data.numbers[at][row]); }

  draw() {
    const rows = [...Array(this.table.count).keys()]
      .filter((row) => this.point(row).every((value) => value !== null));
    this.rows = rows;
    this.spans = [0, 1].map((axis) => {
      let low = Infinity, high = -Infinity;
      for (const row of rows) {
        const value = this.point(row)[axis];
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      if (low > high) return [0, 1];
      const room = (high - low || Math.abs(high) || 1) * 0.04;
      return [low - room, high + room];
    });
    const parts = [];
    niceTicks(...this.spans[0], 7).forEach((tick) => {
      const x = this.x(tick);
      parts.push(shape("path", { class: "grid", d: `M${x} ${PLOT.top}V${PLOT.height - PLOT.bottom}` }),
        shape("text", { x, y: PLOT.height - PLOT.bottom + 17, "text-anchor": "middle" }, String(tick)));
    });
    niceTicks(...this.spans[1], 6).forEach((tick) => {
      const y = this.y(tick);
      parts.push(shape("path", { class: "grid", d: `M${PLOT.left} ${y}H${PLOT.width - PLOT.right}` }),
        shape("text", { x: PLOT.left - 7, y: y + 4, "text-anchor": "end" }, String(tick)));
    });
    const middle = (PLOT.top + PLOT.height - PLOT.bottom) / 2;
    const names = this.selects.map((select) => select.value);
    parts.push(
      shape("path", { class: "axis",
        d: `M${PLOT.left} ${PLOT.top}V${PLOT.height - PLOT.bottom}H${PLOT.width - PLOT.right}` }),
      shape("text", { x: (PLOT.left + PLOT.width - PLOT.right) / 2, y: PLOT.height - 8,
        "text-anchor": "middle" }, names[0]),
      shape("text", { transform: `translate(14 ${middle}) rotate(-90)`,
        "text-anchor": "middle" }, names[1]));
    this.dots = new Map(rows.map((row) => {
      const [x, y] = this.point(row);
      return [row, shape("circle", { class: "dot", cx: this.x(x), cy: this.y(y), r: 3.2 })];
    }));
    this.frame = shape("rect", { class: "box", width: 0, height: 0 });
    this.svg.replaceChildren(...parts, ...this.dots.values(), this.frame);
  }

  x(value) { return scaled(value, this.spans[0], PLOT.left, PLOT.width - PLOT.right); }

  y(value) { return scaled(value, this.spans[1], PLOT.height - PLOT.bottom, PLOT.top); }

  paint() {
    const kept = new Set(this.table.kept);
    let inside = 0;
    for (const [row, dot] of this.dots) {
      inside += kept.has(row);
      dot.setAttribute("class", `dot${kept.has(row) ? "" : " out"}${
        row === this.table.chosen ? " chosen" : ""}`);
    }
    const names = this.selects.map((select) => select.value);
    const text = `${names[1]} against ${names[0]}: ${inside.toLocaleString("en-US")} of ${
      counted(this.rows.length, "point")} kept`;
    this.told.textContent = text;
    this.svg.setAttribute("aria-label", `Scatter of ${text}`);
    const box = this.box || [null, null, null, null];
    const [left, right, bottom, top] = box.map((value, at) => value === null
      ? this.spans[at >> 1][at & 1] : value);
    const place = this.box ? [this.x(left), this.y(top),
      Math.max(0, this.x(right) - this.x(left)), Math.max(0, this.y(bottom) - this.y(top))]
      : [0, 0, 0, 0];
    ["x", "y", "width", "height"].forEach((name, at) => this.frame.setAttribute(name, place[at]));
  }

  typed() {
    const box = this.ends.map(({ input }) => (input.value === "" ? null : Number(input.value)));
    this.keep(box.every((end) => end === null) ? null : box);
  }

  // A box is [x from, x to, y from, y to]; a null end is open.
  keep(box) {
    this.box = box;
    this.table.box = box && ((row) => this.point(row).every((value, axis) => value !== null
      && (box[2 * axis] === null || value >= box[2 * axis])
      && (box[2 * axis + 1] === null || value <= box[2 * axis + 1])));
    this.table.update();
  }

  pointer() {
    let start = null;
    const place = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY)
        .matrixTransform(this.svg.getScreenCTM().inverse());
      return [at.x, at.y];
    };
    const finish = (event) => {
      if (!start) return;
      const end = place(event), from = start;
      start = null;
      if (Math.hypot(end[0] - from[0], end[1] - from[1]) < 4) return this.pick(end);
      const xs = [from[0], end[0]].map((x) =>
        scaled(x, [PLOT.left, PLOT.width - PLOT.right], ...this.spans[0]));
      const ys = [from[1], end[1]].map((y) =>
        scaled(y, [PLOT.height - PLOT.bottom, PLOT.top], ...this.spans[1]));
      const box = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
        .map((value) => Number(value.toPrecision(6)));
      this.ends.forEach((end_, at) => { end_.input.value = box[at]; });
      return this.keep(box);
    };
    this.svg.addEventListener("pointerdown", (event) => {
      start = place(event);
      this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (!start) return;
      const end = place(event);
      const sides = [Math.min(start[0], end[0]), Math.min(start[1], end[1]),
        Math.abs(end[0] - start[0]), Math.abs(end[1] - start[1])];
      ["x", "y", "width", "height"].forEach((name, at) => this.frame.setAttribute(name, sides[at]));
    });
    this.svg.addEventListener("pointerup", finish);
  }

  pick([x, y]) {
    let best = null, least = 10;
    for (const [row, dot] of this.dots) {
      const far = Math.hypot(dot.getAttribute("cx") - x, dot.getAttribute("cy") - y);
      if (far < least) [best, least] = [row, far];
    }
    if (best !== null) this.table.choose(best);
  }
}

function scaled(value, [low, high], from, to) {
  return from + ((value - low) / (high - low)) * (to - from);
}

for (const section of document.querySelectorAll("[data-table]")) {
  const index = Number(section.dataset.table);
  const table = new QueryTable(section, DATA.tables[index], index);
  if (table.data.columns.length > 1) new Scatter(table);
}
