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
  const blocks = [plainTable(`Terms of query ${qid}`, ["term", ...same.map(who)], terms, 1)];
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

function groupBlocks(group, which, found) {
  const students = Object.keys(group.students);
  const rows = group.docs.map((docno, at) => [
    docno, group.positive && group.positive[at] ? "yes" : "",
    shown(group.teacher[at]), ...students.map((name) => shown(group.students[name][at])),
  ]);
  const scores = plainTable(`Scores in temperatures${which}; a student's are clipped`,
    ["document", "positive", "teacher", ...students], rows, 2);
  const pairs = pairRows(group, students);
  const shownPairs = pairs.slice(0, MOST_PAIRS);
  const cap = shownPairs.length < pairs.length
    ? `; ${shownPairs.length} of them shown` : "";
  const headings = ["first", "second", "teacher p", ...students.map((name) => `${name} p`),
    ...(group.distances ? [`distance (${found.metric})`] : [])];
  const many = pairs.length.toLocaleString("en-US");
  const caption = `${many} pairs${which}, the surest of the teacher first: p = sigmoid(margin / temperature)${cap}`;
  return [make("div", { class: "columns" }, scores,
    plainTable(caption, headings, shownPairs.map((row) =>
      row.map((cell) => (typeof cell === "string" ? cell : shown(cell)))), 2))];
}

// Pairs in the order of the teacher's certainty, the surest first.
function pairRows(group, students) {
  const rows = [], view = VIEWS["pair: probability"].value;
  const p = (scores, i, j) =>
    (scores[i] === null || scores[j] === null ? null : view(scores[i] - scores[j], 1));
  const count = group.docs.length;
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    for (let j = i + 1; j < count; j += 1, at += 1) {
      const up = group.teacher[i] >= group.teacher[j], first = up ? i : j, second = up ? j : i;
      rows.push([group.docs[first], group.docs[second], p(group.teacher, first, second),
        ...students.map((name) => p(group.students[name], first, second)),
        ...(group.distances ? [group.distances[at]] : [])]);
    }
  }
  return rows.sort((a, b) => b[2] - a[2]);
}
