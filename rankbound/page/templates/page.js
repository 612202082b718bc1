// What the page can do at all: elements, numbers, theme, printing, downloads.
const DATA = JSON.parse(document.getElementById("report-data").textContent);
const SVG = "http://www.w3.org/2000/svg";
let issued = 0;

// Text goes in as text nodes only, so nothing in a file can become an element.
function make(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function shape(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

function fresh(start) {
  issued += 1;
  return `${start}-s${issued}`;
}

// A label above one control.
function field(words, control) {
  control.id = control.id || fresh("field");
  return make("div", { class: "field" }, make("label", { for: control.id }, words), control);
}

function shown(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1e12) return value.toPrecision(5);
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  if (Math.abs(value) >= 10 ** -digits) {
    return value.toLocaleString("en-US", {
      minimumFractionDigits: digits, maximumFractionDigits: digits,
    });
  }
  return value.toPrecision(2);
}

function counted(number, word) {
  return `${number.toLocaleString("en-US")} ${word}${number === 1 ? "" : "s"}`;
}

function save(name, text, kind) {
  const address = URL.createObjectURL(new Blob([text], { type: kind }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

function csvText(rows) {
  const cell = (value) => {
    let text = value === null || value === undefined ? "" : String(value);
    // A spreadsheet would run such a text; a number it only reads
    if (/^'*[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text))) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",") + "\n").join("");
}

// Rows under headings; the first `words` cells of a row are words, the others numbers.
function plainTable(caption, headings, rows, words) {
  const side = (index) => (index < words ? {} : { class: "n" });
  const tall = rows.length > 20 ? "scroll tall" : "scroll";
  return make("div", { class: tall, tabindex: "0", role: "region", "aria-label": caption },
    make("table", {},
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, headings.map((text, index) =>
        make("th", { scope: "col", ...side(index) }, text)))),
      make("tbody", {}, rows.map((row) => make("tr", {}, row.map((cell, index) =>
        index === 0
          ? make("th", { scope: "row", ...side(index) }, cell)
          : make("td", side(index), cell)))))));
}

function niceTicks(low, high, most) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((x) => x * power).find((x) => x >= rough);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

function themes() {
  const order = ["system", "light", "dark"], root = document.documentElement;
  const button = document.getElementById("theme"), name = document.getElementById("theme-name");
  let theme = "system";
  try { theme = localStorage.getItem("rankbound-theme") || "system"; } catch { /* no store */ }
  const apply = () => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    name.textContent = theme;
  };
  button.addEventListener("click", () => {
    theme = order[(order.indexOf(theme) + 1) % order.length];
    try { localStorage.setItem("rankbound-theme", theme); } catch { /* no store */ }
    apply();
  });
  apply();
}

function svgFiles() {
  for (const button of document.querySelectorAll("[data-svg]")) {
    button.addEventListener("click", () => {
      const svg = button.closest("figure").querySelector("svg");
      const text = new XMLSerializer().serializeToString(svg);
      save(`${button.dataset.svg}.svg`, text, "image/svg+xml");
    });
  }
}

// The meaning of a word on hover and focus. A script places it, since a table that
// scrolls would cut it off; without one the style sheet does what it can.
function tips() {
  let open = null, word = null;
  const show = (term) => {
    word = term;
    const tip = term && document.getElementById(term.getAttribute("aria-describedby"));
    if (open && open !== tip) open.classList.remove("seen", "dismissed");
    open = tip;
    if (!tip) return;
    tip.classList.add("seen");
    const at = term.getBoundingClientRect(), { offsetWidth: wide, offsetHeight: high } = tip;
    const { clientWidth: right, clientHeight: bottom } = document.documentElement;
    const above = at.bottom + high > bottom && at.top > high;
    tip.style.left = `${Math.max(4, Math.min(at.left, right - wide - 4))}px`;
    tip.style.top = `${above ? at.top - high : at.bottom}px`;
  };
  const termOf = (element) => element instanceof Element && element.closest(".term");
  document.addEventListener("mouseover", (event) => {
    if (open && open.contains(event.target)) return;
    show(termOf(event.target) || termOf(document.activeElement));
  });
  document.addEventListener("focusin", (event) => show(termOf(event.target)));
  document.addEventListener("focusout", () => show(null));
  document.addEventListener("scroll", () => show(word), true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open) open.classList.add("dismissed");
  });
}

// What matters is unfolded on paper and folded again; the rest stays as it is.
function printing() {
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.key:not([open])")];
    for (const one of closed) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
}

for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;
for (const element of document.querySelectorAll("[data-static]")) element.hidden = true;
themes();
svgFiles();
document.getElementById("print").addEventListener("click", () => window.print());
tips();
printing();
