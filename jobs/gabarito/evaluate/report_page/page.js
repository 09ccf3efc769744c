"use strict";
const facts = JSON.parse(document.getElementById("data").textContent).facts;
const find = (id) => document.getElementById(id);
const list = find("list"), sheet = find("sheet"), count = find("count"), more = find("more");
const PAGE = 25;
const SYSTEMS = ["base", "adapter", "model"];
const TONES = {all: "good", some: "part", none: "bad", untested: "muted"};
let shown = [], drawn = 0, terms = [];

function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/* Text with what was searched for marked; folding keeps letters where they are, or nothing is marked. */
function marked(name, className, text) {
  const made = element(name, className);
  const folded = fold(text);
  const hit = terms.find((term) => folded.includes(term));
  if (!hit || folded.length !== text.length) {
    made.textContent = text;
    return made;
  }
  const start = folded.indexOf(hit), end = start + hit.length;
  made.append(text.slice(0, start), element("mark", "", text.slice(start, end)), text.slice(end));
  return made;
}

function probability(p) {
  return p.toLocaleString(language, {minimumFractionDigits: 2, maximumFractionDigits: 2});
}

function answerCell(system, answer) {
  const cell = element("td");
  cell.dataset.label = say(system);
  if (!answer) {
    cell.append(element("span", "muted", say("not_asked")));
    return cell;
  }
  const kind = answer.refused && !answer.correct ? "not" : answer.correct ? "yes" : "no";
  const said = element("span", `answer ${kind}`, answer.text || say("nothing"));
  said.title = say({yes: "right", no: "wrong", not: "refused"}[kind]);
  said.setAttribute("aria-label", `${said.title}: ${said.textContent}`);
  said.setAttribute("role", "text");
  cell.append(said, element("span", "p", probability(answer.probability)));
  return cell;
}

function questionRow(question) {
  const row = element("tr");
  const first = marked("td", "", question.text);
  first.append(element("span", "family", `${question.family} · ${say(`wording_${question.part}`)}`));
  row.append(first, ...SYSTEMS.map((system) => answerCell(system, question[system])));
  return row;
}

function factCard(fact) {
  const card = element("article", "fact");
  card.id = `fact-${fact.id}`;
  const title = element("h3");
  title.append(marked("b", "", fact.statement), element("span", TONES[fact.known], say(`known_${fact.known}`, fact)));
  const quote = marked("blockquote", "", fact.quote);
  const place = fact.row ? say("given_in", fact) : say("in_document", fact);
  const cite = element("cite", "", say("right_answer_is", {place, answer: fact.answer}));
  if (fact.aliases.length) cite.append(" ", say("or_aliases", {aliases: fact.aliases.join(", ")}));
  quote.append(cite);
  const table = element("table", "stack");
  const head = element("tr");
  for (const name of ["question", ...SYSTEMS]) {
    const cell = element("th", "", say(name));
    cell.scope = "col";
    head.append(cell);
  }
  const top = element("thead"), body = element("tbody");
  top.append(head);
  const onlyWrong = chosen() === "wrong";
  body.append(...fact.questions.filter((q) => !onlyWrong || isWrong(q)).map(questionRow));
  table.append(top, body);
  card.append(title, quote, table);
  return card;
}

function isWrong(question) {
  return Boolean(question.model) && !question.model.correct;
}

function chosen() {
  return document.querySelector("input[name=known]:checked").value;
}

function matches(fact) {
  const wanted = chosen();
  if (wanted === "wrong" ? !fact.questions.some(isWrong) : wanted !== "every" && fact.known !== wanted) return false;
  if (find("relation").value && fact.relation !== find("relation").value) return false;
  fact.haystack ??= fold([
    fact.id, fact.statement, fact.quote, fact.answer, ...fact.aliases,
    ...fact.questions.flatMap((q) => [q.text, ...SYSTEMS.map((s) => q[s] ? q[s].text : "")]),
  ].join("\n"));
  return terms.every((term) => fact.haystack.includes(term));
}

function draw(until) {
  list.append(...shown.slice(drawn, until).map(factCard));
  drawn = Math.min(until, shown.length);
  more.hidden = drawn >= shown.length;
}

function update() {
  terms = fold(find("search").value).split(/\s+/).filter(Boolean);
  shown = facts.filter(matches);
  drawn = 0;
  list.replaceChildren();
  draw(PAGE);
  count.textContent = shown.length === facts.length
    ? say("found_all", {total: facts.length}) : say("found_some", {count: shown.length, total: facts.length});
  const kept = new Set(shown);
  facts.forEach((fact, n) => sheet.children[n].classList.toggle("hidden", !kept.has(fact)));
}

function showFact(id) {
  let place = shown.findIndex((fact) => fact.id === id);
  if (place < 0) {
    find("search").value = "";
    find("relation").value = "";
    find("every").checked = true;
    update();
    place = shown.findIndex((fact) => fact.id === id);
    if (place < 0) return;
  }
  if (place >= drawn) draw(place + PAGE);
  document.querySelector(".found")?.classList.remove("found");
  const card = find(`fact-${id}`);
  card.classList.add("found");
  card.scrollIntoView({block: "center"});
}

function start() {
  const relations = [...new Set(facts.map((fact) => fact.relation).filter((name) => name))].sort((a, b) => a.localeCompare(b));
  find("relation").append(...relations.map((name) => {
    const option = element("option", "", name);
    option.value = name;
    return option;
  }));
  sheet.append(...facts.map((fact) => {
    const dot = element("i", fact.known);
    dot.title = `${fact.statement} (${say(`known_${fact.known}`, fact)})`;
    dot.dataset.fact = fact.id;
    return dot;
  }));
  sheet.addEventListener("click", (event) => event.target.dataset.fact && showFact(event.target.dataset.fact));
  let waiting;
  find("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 120);
  });
  find("controls").addEventListener("change", update);
  find("controls").addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => draw(drawn + PAGE));
  new IntersectionObserver((seen) => seen[0].isIntersecting && draw(drawn + PAGE), {rootMargin: "600px"}).observe(more);
  addEventListener("beforeprint", () => {
    draw(shown.length);
    document.querySelectorAll("details").forEach((one) => { one.open = true; });
  });
  update();
  const wanted = location.hash.match(/^#fact-(\w+)$/);
  if (wanted) showFact(wanted[1]);
}

start();
