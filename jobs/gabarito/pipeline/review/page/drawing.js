/* Drawing a fact: every text is set as text, never as markup. */
const MARKS = {open: "", checked: "✓", corrected: "✎", struck: "✗", conflict: "!"};
const ACTIONS = {checked: "check", strike: "strike", answer: "answer", statement: "statement", alias: "alias", wording: "reword"};
const SHOWN_REMARKS = 12;

function element(name, className, ...inner) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...inner);
  return made;
}

/* What checks and commands say is English in every language of the page. */
function inEnglish(name, className, text) {
  const made = element(name, className, text);
  made.lang = "en";
  return made;
}

function section(title, count, ...inner) {
  const heading = element("h3", "", say(title));
  if (count) heading.append(" ", element("span", "muted", String(count)));
  return element("section", "", heading, ...inner);
}

/* A list's line: its state in a word for those who hear it, as a sign for those who see it. */
function optionOf(row, place, count) {
  const sign = element("span", `sign ${row.state}`, MARKS[row.state]);
  sign.setAttribute("aria-hidden", "true");
  const text = element("span", "text", row.statement);
  if (row.state !== "open") text.append(element("span", "heard", ` (${say(`state_${row.state}`)})`));
  const option = element("li", row.state, sign, text);
  if (row.remarks) option.append(element("span", "dot", element("span", "heard", say("state_remarks"))));
  option.id = `row-${row.id}`;
  option.role = "option";
  option.dataset.fact = row.id;
  option.setAttribute("aria-setsize", count);
  option.setAttribute("aria-posinset", place + 1);
  option.setAttribute("aria-selected", "false");
  return option;
}

function factArticle(sheet, place, count) {
  const {now, fact, row} = sheet;
  const article = element("article", row.state);
  const over = element("p", "over muted", say("place", {n: place + 1, count}), " · ", row.source);
  if (sheet.title && sheet.title !== row.source) over.append(" · ", sheet.title);
  if (row.state !== "open") over.append(" ", element("span", `stamp ${row.state}`, `${MARKS[row.state]} ${say(`state_${row.state}`)}`));
  const title = element("h2", "", row.state === "struck" ? element("del", "", now.statement) : now.statement);
  title.id = "statement";
  article.setAttribute("aria-labelledby", "statement");
  article.append(over, title);
  if (now.statement !== fact.statement) article.append(element("p", "was", say("was", {text: fact.statement})));
  article.append(answerPart(sheet), element("div", "editor"));
  if (row.state === "conflict") article.append(element("p", "problem", say("conflict")));
  article.append(
    decisionsPart(sheet), ownRemarks(sheet), excerptPart(sheet), questionsPart(sheet), otherRemarks(sheet),
  );
  return article;
}

function answerPart({now, fact}) {
  const answer = element("p", "answer", element("b", "", now.answer));
  if (now.answer !== fact.answer) answer.append(" ", element("span", "was", say("was", {text: fact.answer})));
  if (now.aliases.length) answer.append(" ", element("span", "muted", say("also", {list: now.aliases.join(" · ")})));
  const about = [now.subject, now.relation, now.qualifier].filter(Boolean).join(" → ");
  return element("div", "said", answer, element("p", "muted about", about));
}

function excerptPart({excerpt, fact, url}) {
  const part = section("in_document", 0);
  if (/^https?:/.test(url)) {
    const link = element("a", "source", say("open_source"));
    Object.assign(link, {href: url, rel: "noreferrer noopener", target: "_blank"});
    part.firstChild.append(" ", link);
  }
  if (!excerpt.quote) {
    part.append(element("p", "muted", say("no_quote")), element("blockquote", "", fact.quote));
    return part;
  }
  const quoted = element("blockquote", "passage");
  if (excerpt.headings.length) quoted.append(element("p", "headings muted", excerpt.headings.join(" › ")));
  const begin = excerpt.before.length, end = begin + excerpt.quote.length;
  quoted.append(...blocksOf(excerpt.before + excerpt.quote + excerpt.after, begin, end));
  part.append(quoted);
  return part;
}

/* A passage's lines as headings, tables and paragraphs, with what lies from begin to end marked. */
function blocksOf(text, begin, end) {
  const blocks = [];
  let at = 0, table = null;
  for (const line of text.split("\n")) {
    const row = /^\s*\|(.*)\|\s*$/.exec(line);
    if (row) {
      if (!table) blocks.push(element("div", "wide", table = element("table")));
      if (!/^[\s:|-]*$/.test(line)) table.append(tableRow(line, at, begin, end));
    } else {
      table = null;
      const title = /^#{1,6}\s+/.exec(line);
      const skipped = title ? title[0].length : 0;
      if (line.trim()) blocks.push(element("p", title ? "heading" : "", ...marked(line.slice(skipped), at + skipped, begin, end)));
    }
    at += line.length + 1;
  }
  return blocks;
}

function tableRow(line, at, begin, end) {
  const row = element("tr");
  const isWhole = begin <= at + line.indexOf("|") && at + line.lastIndexOf("|") < end;
  if (isWhole) row.className = "quoted";
  for (const cell of line.matchAll(/(?<=\|)(?:\\\||[^|])*(?=\|)/g)) {
    const text = cell[0].trim(), from = at + cell.index + cell[0].indexOf(text);
    row.append(element("td", "", ...marked(text, from, begin, end)));
  }
  return row;
}

function marked(text, at, begin, end) {
  const from = Math.max(begin - at, 0), to = Math.min(end - at, text.length);
  if (from >= to) return [text];
  return [text.slice(0, from), element("mark", "", text.slice(from, to)), text.slice(to)].filter(Boolean);
}

function questionsPart({questions, now}) {
  const list = element("ul", "questions");
  for (const one of questions) {
    const kind = one.kind === "question" ? say(`split_${one.split}`) : say(one.kind === "reverse" ? "reverse" : "split_train");
    const label = element("span", "muted label", `${one.family === "reverse" ? "" : one.family} · ${kind}`.replace(/^ · /, ""));
    const item = element("li", one.fate ? "dropped" : "", element("span", "text", one.text), label);
    if (one.written) item.dataset.written = one.written;
    if (one.written && one.text !== one.written) item.append(element("span", "was note", say("was", {text: one.written})));
    if (one.answer !== now.answer) item.append(element("span", "muted note", say("answered", {text: one.answer})));
    if (one.fate) item.append(element("span", "note fate", say("not_in_dataset", {why: one.fate})));
    list.append(item);
  }
  return section("questions", questions.length, list);
}

const isOwn = (remark) => remark.about === "fact" || remark.about === "wording";

function ownRemarks({remarks}) {
  const own = remarks.filter(isOwn);
  return own.length ? section("checks_said", own.length, ...remarkLists(own)) : "";
}

function otherRemarks({remarks}) {
  const others = remarks.filter((remark) => !isOwn(remark));
  return section("document_said", others.length, ...(others.length ? remarkLists(others) : [element("p", "muted", say("nothing_said"))]));
}

function remarkLists(remarks) {
  const items = remarks.map((one) => {
    const item = element("li", one.about, inEnglish("b", "", one.said));
    if (one.detail) item.append(inEnglish("span", "", `: ${one.detail}`));
    item.append(" ", element("span", "muted", `${say(`about_${one.about}`)}, ${one.stage}`));
    if (one.text) item.append(element("q", "muted", one.text));
    return item;
  });
  const lists = [element("ul", "remarks", ...items.slice(0, SHOWN_REMARKS))];
  if (items.length > SHOWN_REMARKS) {
    const rest = element("details", "", element("summary", "", `+ ${items.length - SHOWN_REMARKS}`));
    rest.append(element("ul", "remarks", ...items.slice(SHOWN_REMARKS)));
    lists.push(rest);
  }
  return lists;
}

function decisionsPart({decisions}) {
  if (!decisions.length) return "";
  const items = decisions.map((one) => {
    const isStruck = one.question && !one.value;
    const action = say(isStruck ? "unask" : ACTIONS[one.action]).toLowerCase();
    const value = [one.question, one.value].filter(Boolean).map((text) => `“${text}”`).join(" → ");
    const when = one.when ? new Date(one.when).toLocaleString() : "";
    const signed = [one.who || say("somebody"), when].filter(Boolean).join(", ");
    const line = say("decided_line", {line: one.line, action, value}).trim();
    return element("li", "", line, " ", element("span", "muted", signed));
  });
  return section("decisions", 0, element("ul", "decisions", ...items));
}
