// One query: its terms, and where they are embedded its documents and pairs.
const MOST_PAIRS = 300;

function showDetail(table, row) {
  const panel = table.section.querySelector(".detail");
  const { data } = table, qid = data.texts[0][row];
  const title = make("h3", { tabindex: "-1" }, `Query ${qid}`);
  const close = make("button", { type: "button", onclick: () => {
    panel.replaceChildren();
    table.chosen = null;
    table.draw();
    for (const listener of table.listeners) listener("chosen");
  } }, "Close");
  const same = data.texts[0].flatMap((name, at) => (name === qid ? [at] : []));
  const who = (at) => data.texts.slice(1).map((column) => column[at]).join(" / ") || "value";
  const terms = data.columns.map((name, at) => [
    data.units[name] ? `${name} (${data.units[name]})` : name,
    ...same.map((mine) => shown(data.numbers[at][mine])),
  ]);
  const words = textOf(DATA.texts.queries, qid);
  const blocks = [...(words ? [make("p", { class: "text" }, words)] : []), plainTable(`Terms of query ${qid}`, ["term", ...same.map(who)], terms, 1)];
  if (table.index === 0) {
    const results = [...new Set(same.map((at) => resultOf(data, at)))];
    for (const name of results) blocks.push(...documents(name, qid));
  }
  panel.replaceChildren(title, close, ...blocks);
  title.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "nearest" });
}

function resultOf(data, row) {
  const at = data.keys.indexOf("result");
  return at < 0 ? null : data.texts[at][row];
}

function detailsOf(name) {
  return DATA.details.find((entry) => name === null || entry.result === name);
}

function documents(name, qid) {
  const found = detailsOf(name), head = name ? `Documents, ${name}` : "Documents";
  if (!found) return [];
  const heading = make("h4", {}, head);
  if (found.missing) return [heading, make("p", {}, `Not shown: ${found.missing}.`)];
  // An id may be the name of something that every object has
  const groups = Object.hasOwn(found.queries, qid) ? found.queries[qid] : null;
  if (!groups) {
    const all = Object.keys(found.queries).length;
    return [heading, make("p", {}, `Not shown: the page holds the documents of ${
      all.toLocaleString("en-US")} queries, and this is not one of them.`)];
  }
  return [heading, ...groups.flatMap((group, at) =>
    groupBlocks(group, groups.length > 1 ? `, group ${at + 1}` : "", found))];
}

// A text by its id, which may be the name of something that every object has.
function textOf(texts, id) { return Object.hasOwn(texts, id) ? texts[id] : ""; }

// Whether the teacher scores a document above a positive of its group.
function isAbove(group, at) {
  return group.positive !== null && !group.positive[at]
    && group.positive.some((mark, place) => mark && group.teacher[at] > group.teacher[place]);
}

function groupBlocks(group, which, found) {
  const students = Object.keys(group.students);
  const has = group.docs.some((docno) => textOf(DATA.texts.documents, docno));
  const above = group.docs.map((_, at) => isAbove(group, at));
  const kind = (at) => (group.positive && group.positive[at] ? "positive"
    : above[at] ? "above the positive" : "");
  // The positives, then what the teacher scores above them, then the others
  const place = (at) => (group.positive && group.positive[at] ? 0 : above[at] ? 1 : 2);
  const order = [...group.docs.keys()].sort((a, b) => place(a) - place(b)
    || (place(a) === 1 ? group.teacher[b] - group.teacher[a] : a - b));
  const rows = order.map((at) => [
    group.docs[at], kind(at), ...(has ? [textOf(DATA.texts.documents, group.docs[at])] : []),
    shown(group.teacher[at]), ...students.map((name) => shown(group.students[name][at])),
  ]);
  const scores = plainTable(`Scores in temperatures${which}; a student's are clipped`,
    ["document", "role", ...(has ? ["text"] : []), "teacher", ...students], rows, has ? 3 : 2);
  scores.querySelectorAll("tbody tr").forEach((row, index) => {
    if (above[order[index]]) row.className = "above";
  });
  const pairs = pairRows(group, students);
  const shownPairs = pairs.slice(0, MOST_PAIRS);
  const cap = shownPairs.length < pairs.length
    ? `; ${shownPairs.length} of them shown` : "";
  const headings = ["first", "second", "teacher p", ...students.map((name) => `${name} p`),
    ...(group.distances ? [`distance (${found.metric})`] : [])];
  const many = pairs.length.toLocaleString("en-US");
  const doubtful = pairs.filter((pair) => pair.above).length;
  const first = doubtful ? `; first the ${doubtful.toLocaleString("en-US")} in which the teacher scores a negative above the positive` : "";
  const caption = `${many} pairs${which}, the surest of the teacher first${first}: p = sigmoid(margin / temperature)${cap}`;
  const table = plainTable(caption, headings, shownPairs.map(({ cells }) =>
    cells.map((cell) => (typeof cell === "string" ? cell : shown(cell)))), 2);
  table.querySelectorAll("tbody tr").forEach((row, index) => {
    if (shownPairs[index].above) row.className = "above";
  });
  return [make("div", { class: has ? "" : "columns" }, scores, table)];
}

// Pairs that the teacher scores against the positive first, then the surest ones.
function pairRows(group, students) {
  const rows = [], view = VIEWS["pair: probability"].value;
  const p = (scores, i, j) =>
    (scores[i] === null || scores[j] === null ? null : view(scores[i] - scores[j], 1));
  const count = group.docs.length, marks = group.positive;
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    for (let j = i + 1; j < count; j += 1, at += 1) {
      const up = group.teacher[i] >= group.teacher[j], first = up ? i : j, second = up ? j : i;
      const above = marks !== null && marks[second] && !marks[first]
        && group.teacher[first] > group.teacher[second];
      rows.push({ above, cells: [group.docs[first], group.docs[second],
        p(group.teacher, first, second),
        ...students.map((name) => p(group.students[name], first, second)),
        ...(group.distances ? [group.distances[at]] : [])] });
    }
  }
  return rows.sort((a, b) => Number(b.above) - Number(a.above) || b.cells[2] - a.cells[2]);
}
