// Tables of queries: sort, search, filter by a range, page, pick a row.
const PAGE_ROWS = 50;

class QueryTable {
  constructor(section, data, index) {
    this.section = section;
    this.data = data;
    this.index = index;
    this.count = data.texts[0].length;
    this.low = data.texts[0].map((_, row) =>
      data.texts.map((column) => column[row]).join("\t").toLowerCase());
    this.search = "";
    this.range = { column: -1, low: null, high: null };
    this.box = null;
    this.sort = { column: 0, down: false };
    this.page = 0;
    this.chosen = null;
    this.listeners = [];
    this.tools();
    this.headings();
    this.update();
  }

  get names() { return [...this.data.keys, ...this.data.columns]; }

  value(column, row) {
    const keys = this.data.keys.length;
    return column < keys ? this.data.texts[column][row] : this.data.numbers[column - keys][row];
  }

  tools() {
    const search = make("input", { type: "search", autocomplete: "off", oninput: () => {
      this.search = search.value.trim().toLowerCase();
      this.update();
    } });
    const column = make("select", {}, make("option", { value: "-1" }, "no column"),
      this.data.columns.map((name, at) => make("option", { value: String(at) }, name)));
    const ends = ["low", "high"].map(() => make("input", { type: "number", step: "any" }));
    const filter = () => {
      const [low, high] = ends.map((end) => (end.value === "" ? null : Number(end.value)));
      this.range = { column: Number(column.value), low, high };
      this.update();
    };
    column.addEventListener("change", filter);
    for (const end of ends) end.addEventListener("input", filter);
    const clear = make("button", { type: "button", onclick: () => {
      search.value = "";
      column.value = "-1";
      for (const end of ends) end.value = "";
      this.search = "";
      this.box = null;
      for (const listener of this.listeners) listener("clear");
      filter();
    } }, "Clear filters");
    const files = make("button", { type: "button", onclick: () => this.csv() }, "CSV of these rows");
    this.status = make("p", { role: "status", class: "quiet" });
    this.section.querySelector(".tools").append(
      field("Search names", search), field("Keep by column", column),
      field("from", ends[0]), field("to", ends[1]), clear, files, this.status);
    this.pager = this.section.querySelector(".pager");
  }

  headings() {
    const row = this.section.querySelector("thead tr");
    [...row.children].forEach((cell, column) => {
      const button = make("button", { type: "button", onclick: () => {
        const same = this.sort.column === column;
        this.sort = { column, down: same ? !this.sort.down : column >= this.data.keys.length };
        this.update();
      } });
      const term = cell.querySelector(".term"), tip = term && term.querySelector(".tip");
      if (term) {
        tip.remove();
        term.replaceWith(...term.childNodes);
        button.className = "term";
        button.setAttribute("aria-describedby", tip.id);
      }
      button.append(...cell.childNodes);
      cell.append(button, ...(tip ? [tip] : []));
    });
    this.heads = [...row.children];
    this.body = this.section.querySelector("tbody");
  }

  keeps(row) {
    if (this.search && !this.low[row].includes(this.search)) return false;
    if (this.range.column >= 0) {
      const { low, high } = this.range, value = this.data.numbers[this.range.column][row];
      if (value === null) return false;
      if ((low !== null && value < low) || (high !== null && value > high)) return false;
    }
    return !this.box || this.box(row);
  }

  // What is kept, in order; blanks stand last whichever way is up.
  update() {
    this.kept = [];
    for (let row = 0; row < this.count; row += 1) if (this.keeps(row)) this.kept.push(row);
    const { column, down } = this.sort, sign = down ? -1 : 1;
    this.kept.sort((first, second) => {
      const a = this.value(column, first), b = this.value(column, second);
      if (a === null || b === null) return (a === null) - (b === null) || first - second;
      const order = typeof a === "string"
        ? a.localeCompare(b, "en", { numeric: true }) : a - b;
      return sign * order || first - second;
    });
    this.page = 0;
    this.draw();
    for (const listener of this.listeners) listener("rows");
  }

  draw() {
    const pages = Math.max(1, Math.ceil(this.kept.length / PAGE_ROWS));
    const start = this.page * PAGE_ROWS;
    this.body.replaceChildren(
      ...this.kept.slice(start, start + PAGE_ROWS).map((row) => this.row(row)));
    this.heads.forEach((cell, column) => {
      const mine = this.sort.column === column;
      cell.setAttribute("aria-sort", mine ? (this.sort.down ? "descending" : "ascending") : "none");
    });
    const total = this.data.total > this.count
      ? ` (of ${this.data.total.toLocaleString("en-US")} in the files)` : "";
    this.status.textContent =
      `${this.kept.length.toLocaleString("en-US")} of ${counted(this.count, "row")} kept${total}`;
    const turn = (words, by) => make("button", { type: "button",
      disabled: this.page + by < 0 || this.page + by >= pages,
      onclick: () => { this.page += by; this.draw(); } }, words);
    this.pager.replaceChildren(turn("Previous", -1),
      make("span", {}, `page ${this.page + 1} of ${pages}`), turn("Next", 1));
  }

  row(row) {
    const keys = this.data.keys.length;
    const open = make("button", { type: "button", class: "link", onclick: () => this.choose(row) },
      this.data.texts[0][row] || "(no id)");
    return make("tr", { class: row === this.chosen ? "chosen" : null },
      make("th", { scope: "row" }, open),
      this.data.texts.slice(1).map((column) => make("td", {}, column[row])),
      this.data.columns.map((_, at) => make("td", { class: "n" }, shown(this.value(keys + at, row)))));
  }

  choose(row) {
    this.chosen = row;
    const at = this.kept.indexOf(row);
    if (at >= 0) this.page = Math.floor(at / PAGE_ROWS);
    this.draw();
    for (const listener of this.listeners) listener("chosen");
    showDetail(this, row);
  }

  csv() {
    const columns = this.names.map((_, column) => column);
    const rows = this.kept.map((row) => columns.map((column) => this.value(column, row)));
    save(`${this.data.name}.csv`, csvText([this.names, ...rows]), "text/csv");
  }
}
