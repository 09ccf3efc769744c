/* The desk: which fact is looked at, and what the keys do. */
const find = (id) => document.getElementById(id);
const list = find("list"), view = find("fact"), told = find("told"), problem = find("problem");
const source = DATA.isLive ? new Server() : new Packed();
const STATES = ["", "open", "decided", "checked", "corrected", "struck", "conflict", "remarks"];
const FIELDS = {answer: "right_answer", statement: "right_statement", alias: "one_more_answer", wording: "right_wording"};
const GOES_ON = new Set(["checked", "strike"]);
let ids = OPENING.found.ids, states = OPENING.found.states, place = 0, begin = 0, sheet = null;
let chosen = "";  // the question that is meant, as generate wrote it
let drawn = 0, steps = Promise.resolve(), joined = null, typed = null;

/* Steps happen in the order in which keys were pressed, one at a time. */
function queue(step) {
  joined = null;
  steps = steps.then(step).catch((error) => { problem.textContent = say("not_written", {why: error.message}); });
  return steps;
}

/* Where the focus rests between two steps: on the list, or on the fact where no list is shown. */
function home() {
  (list.clientHeight ? list : view).focus({preventScroll: true});
}

function tell(text) {
  told.textContent = "";
  requestAnimationFrame(() => { told.textContent = text; });
}

function drawProgress() {
  const total = OPENING.found.total, done = total - (states.open ?? 0);
  find("progress").textContent = say("looked_at", {done: done.toLocaleString(language), total: total.toLocaleString(language)});
  for (const option of find("state").options) {
    const key = option.value;
    const count = key === "" ? total : key === "decided" ? done : states[key] ?? 0;
    option.textContent = `${say(`state_${key || "all"}`)} (${count.toLocaleString(language)})`;
  }
  const all = {total: total.toLocaleString(language), count: ids.length.toLocaleString(language)};
  find("count").className = ids.length === total ? "muted" : "muted some";
  find("count").textContent = say(ids.length === total ? "found_all" : ids.length ? "found_some" : "found_none", all);
}

function drawRows(rows) {
  list.replaceChildren(...rows.map((row, n) => optionOf(row, begin + n, ids.length)));
}

function markSelected() {
  list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
  const option = list.children[place - begin];
  if (!option) {
    list.removeAttribute("aria-activedescendant");
    return;
  }
  option.setAttribute("aria-selected", "true");
  list.setAttribute("aria-activedescendant", option.id);
  if (list.clientHeight) {
    const above = option.offsetTop - list.offsetTop, below = above + option.offsetHeight;
    if (above < list.scrollTop) list.scrollTop = above - 40;
    if (below > list.scrollTop + list.clientHeight) list.scrollTop = below - list.clientHeight + 40;
  }
}

function drawSheet() {
  if (!sheet) {
    view.replaceChildren(element("p", "none", say("found_none"), ". ", say("found_none_hint")));
    return;
  }
  view.replaceChildren(factArticle(sheet, place, ids.length));
  markChosen();
  const passage = view.querySelector(".passage"), mark = passage?.querySelector("mark, .quoted");
  if (mark) passage.scrollTop += mark.getBoundingClientRect().top - passage.getBoundingClientRect().top - passage.clientHeight / 3;
  if (DATA.isLive) for (const button of find("actions").querySelectorAll("[data-do=clear]")) button.disabled = !sheet.decisions.length;
}

async function show(wanted, {isKept = false} = {}) {
  const number = ++drawn;
  place = Math.max(0, Math.min(wanted, ids.length - 1));
  const page = Math.floor(place / OPENING.rows_at_once) * OPENING.rows_at_once;
  const [rows, next] = await Promise.all([
    page === begin && isKept ? null : source.rows(ids.slice(page, page + OPENING.rows_at_once)),
    ids.length ? source.sheet(ids[place]) : null,
  ]);
  if (number !== drawn) return;
  begin = page;
  if (next?.row.id !== sheet?.row.id) chosen = "";
  sheet = next;
  if (rows) drawRows(rows);
  drawSheet();
  markSelected();
  view.scrollTop = 0;
  if (scrollY > find("controls").offsetTop + find("controls").offsetHeight) scrollTo(0, 0);
  history.replaceState(null, "", ids.length ? `#fact-${ids[place]}` : "#");
}

async function update() {
  const found = await source.find(asked);
  const at = sheet ? found.ids.indexOf(sheet.row.id) : -1;
  ({ids, states} = found);
  drawProgress();
  await show(Math.max(at, 0));
}

/* What was typed is looked for when the typing pauses, or at once when it is left. */
let asked = {text: "", document: "", state: ""}, waiting;
function search() {
  clearTimeout(waiting);
  const wanted = {text: find("search").value, document: find("document").value, state: find("state").value};
  if (Object.keys(wanted).some((name) => wanted[name] !== asked[name])) {
    asked = wanted;
    queue(update);
  }
}

/* A key that is held down moves by as many facts as came meanwhile, and draws the last. */
function move(by) {
  if (joined) {
    joined.by += by;
    return;
  }
  const own = {by};
  queue(() => {
    if (joined === own) joined = null;
    return show(place + own.by, {isKept: true});
  });
  joined = own;
}

function take(written) {
  states = written.states;
  drawProgress();
  const id = written.sheet.row.id, at = ids.indexOf(id);
  const option = find(`row-${id}`);
  option?.replaceWith(optionOf(written.sheet.row, at, ids.length));
  if (sheet?.row.id === id) {
    sheet = written.sheet;
    drawSheet();
  }
  markSelected();
  problem.textContent = "";
}

function decide(action, value = "", edited = "", question = "") {
  return queue(async () => {
    const fact = edited || sheet?.row.id;
    if (!fact) return;
    take(await source.decide("say", {fact, action, value, question}));
    const isLast = place >= ids.length - 1;
    tell(say(question && !value ? "done_unask" : `done_${action}`) + (GOES_ON.has(action) && isLast ? ` ${say("last_fact")}` : ""));
    if (GOES_ON.has(action) && !isLast) await show(place + 1, {isKept: true});
  });
}

function takeBack(step) {
  return queue(async () => {
    if (step === "clear" && !sheet?.decisions.length) {
      tell(say("nothing_to_clear"));
      return;
    }
    const written = await source.decide(step, step === "clear" ? {fact: sheet.row.id} : {});
    if (!written.sheet) {
      tell(say("nothing_to_undo"));
      return;
    }
    const at = ids.indexOf(written.sheet.row.id);
    if (at >= 0 && at !== place) await show(at, {isKept: true});
    take(written);
    tell(say(`done_${step}`));
  });
}

/* One question after the other, in the order in which they are shown; after the last none. */
function choose(by) {
  if (!sheet) return;
  const all = [...new Set(sheet.questions.map((one) => one.written).filter(Boolean))];
  const count = all.length + 1, at = all.indexOf(chosen);
  chosen = all[(at + 1 + by + count) % count - 1] ?? "";
  markChosen();
  view.querySelector("[aria-current]")?.scrollIntoView({block: "center"});
  const told = {n: all.indexOf(chosen) + 1, count: all.length, text: wordingNow()};
  tell(say(chosen ? "chosen" : "none_chosen", told));
}

function markChosen() {
  for (const item of view.querySelectorAll("[data-written]")) {
    if (item.dataset.written === chosen) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
  }
}

function wordingNow() {
  return sheet.questions.find((one) => one.written === chosen)?.text ?? "";
}

function isChosen() {
  if (!chosen) tell(say("choose_first"));
  return Boolean(chosen);
}

const NOW = {
  answer: () => sheet.now.answer, statement: () => sheet.now.statement, alias: () => "", wording: wordingNow,
};

function edit(action) {
  if (!sheet) return;
  const fact = sheet.row.id;  // another one may be shown by the time it is written
  const question = action === "wording" ? chosen : "";
  const before = NOW[action](), isLong = action === "statement" || action === "wording";
  const field = element(isLong ? "textarea" : "input");
  field.value = before;
  field.id = "edited";
  if (isLong) field.rows = 3;
  const label = element("label", "", say(FIELDS[action]));
  label.htmlFor = "edited";
  const hint = element("span", "muted hint", say("edit_hint"));
  hint.id = "edit-hint";
  field.setAttribute("aria-describedby", "edit-hint");
  const save = element("button", "main", say("save")), cancel = element("button", "", say("cancel"));
  cancel.type = "button";
  const form = element("form", "edit", label, field, element("p", "", save, " ", cancel, " ", hint));
  const close = () => { form.remove(); home(); };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = field.value.trim(), isSame = action !== "alias" && value === before;
    close();
    if (!isSame && (value || !question)) decide(action, value, fact, question);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && event.target === field && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
    event.stopPropagation();
  });
  cancel.addEventListener("click", close);
  view.querySelector(".editor").replaceChildren(form);
  form.scrollIntoView({block: "center"});
  field.focus({preventScroll: true});
  field.select();
}

/* An editor opens after the steps before it; what is typed until then is meant for it. */
function editNext(action) {
  typed = [];
  queue(() => {
    const keys = typed;
    typed = null;
    if (!sheet || (action === "wording" && !isChosen())) return;
    edit(action);
    const field = find("edited");
    while (keys.length && field.isConnected) {
      const key = keys.shift();
      if (key === "Enter") field.form.requestSubmit();
      else if (key === "Escape") field.form.remove();
      else if (key.length === 1) field.setRangeText(key, field.selectionStart, field.selectionEnd, "end");
    }
    keys.forEach(act);
  });
}

const STEPS = {
  next: () => move(1), previous: () => move(-1), 
  first: () => queue(() => show(0, {isKept: true})), last: () => queue(() => show(ids.length - 1, {isKept: true})),
  search: () => { find("search").focus(); find("search").select(); }, keys: () => find("keys").showModal(),
};
if (DATA.isLive) {
  Object.assign(STEPS, {
    check: () => decide("checked"), strike: () => decide("strike"),
    answer: () => editNext("answer"), statement: () => editNext("statement"), alias: () => editNext("alias"),
    choose: () => queue(() => choose(1)), chooseBack: () => queue(() => choose(-1)),
    reword: () => editNext("wording"),
    unask: () => queue(() => { if (isChosen()) decide("wording", "", sheet.row.id, chosen); }),
    clear: () => takeBack("clear"), undo: () => takeBack("undo"),
  });
}
const LETTERS = {
  j: "next", k: "previous", c: "check", x: "strike", a: "answer", s: "statement", l: "alias",
  w: "choose", W: "chooseBack", e: "reword", d: "unask", r: "clear", u: "undo", "/": "search", "?": "keys",
};
const NAMED = {ArrowDown: "next", ArrowUp: "previous", Home: "first", End: "last"};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || find("keys").open) return;
  if (event.target.matches("input, textarea, select")) {
    if (event.key === "Escape" || (event.key === "Enter" && event.target.form === find("controls"))) {
      event.preventDefault();
      search();
      home();
    }
    return;
  }
  if (act(event.key)) event.preventDefault();
}

/* Do what a key is for; tell whether it is for anything. */
function act(key) {
  if (typed) {
    typed.push(key);
    return true;
  }
  const isLetter = find("single-keys").checked && Object.hasOwn(LETTERS, key);
  const step = STEPS[isLetter ? LETTERS[key] : NAMED[key]];
  step?.();
  return Boolean(step);
}

function start() {
  document.addEventListener("keydown", pressed);
  find("state").append(...STATES.map((key) => {
    const option = element("option");
    option.value = key;
    return option;
  }));
  find("sources").append(...OPENING.sources.slice(0, 500).map((name) => Object.assign(element("option"), {value: name})));
  for (const id of ["search", "document"]) {
    find(id).addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(search, 150);
    });
  }
  find("state").addEventListener("change", search);
  find("controls").addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-fact]");
    if (option) queue(() => show(ids.indexOf(option.dataset.fact), {isKept: true}));
    closeList();
  });
  if (DATA.isLive) {
    view.addEventListener("click", (event) => {
      const item = event.target.closest("[data-written]");
      if (item) queue(() => { chosen = item.dataset.written; markChosen(); });
    });
  }
  find("actions").addEventListener("click", (event) => STEPS[event.target.closest("button")?.dataset.do]?.());
  find("open-keys").addEventListener("click", STEPS.keys);
  find("open-list").addEventListener("click", () => {
    const isOpen = document.body.classList.toggle("with-list");
    find("open-list").setAttribute("aria-expanded", isOpen);
    if (isOpen) { list.focus(); markSelected(); }
  });
  showGone();
  find("written-to").textContent = DATA.isLive ? say("written_to", OPENING) : say("read_only");
  drawProgress();
  const named = OPENING.found.ids.indexOf(location.hash.replace("#fact-", ""));
  if (named > 0) {
    queue(() => show(named));
  } else {
    sheet = OPENING.sheet;
    drawRows(OPENING.rows);
    drawSheet();
    markSelected();
  }
  home();
}

function closeList() {
  document.body.classList.remove("with-list");
  find("open-list").setAttribute("aria-expanded", "false");
}

function showGone() {
  if (!DATA.isLive || !OPENING.gone.length) return;
  const notice = find("notice"), lines = OPENING.gone;
  const named = lines.slice(0, 5).join(", ") + (lines.length > 5 ? ", …" : "");
  notice.firstElementChild.textContent = say("gone", {lines: named});
  notice.hidden = false;
  find("forget-gone").addEventListener("click", () => queue(async () => {
    await source.decide("forget-gone");
    notice.hidden = true;
    tell(say("gone_forgotten"));
    await show(place);
    home();
  }));
}

start();
