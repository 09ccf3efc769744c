/* Asks the endpoint that this page came from, and nobody else. Every text is set as text, never as markup. */
const find = (id) => document.getElementById(id);
const question = find("question"), problem = find("problem"), told = find("told"), send = find("send");
const TOKEN = "gabarito-token", MOST_KEPT = 50;
const SURE = [0, 0.5, 0.7, 0.9];  // from which probability on it is called how sure
const asked = [];
let at = 0, typed = "", running = null, about = {}, learned;

function element(name, className, ...inner) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...inner);
  return made;
}

/* Rounded down: what is not certain is not called so. */
function percent(share) {
  return (Math.floor(share * 100) / 100).toLocaleString(language, {style: "percent"});
}

function chance(p) {
  if (p === null) return say("no_probability");
  return say("probability", {p: percent(p), sure: say(`sure_${SURE.findLastIndex((from) => p >= from)}`)});
}

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function fetched(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = {"Content-Type": "application/json", ...(token && {Authorization: `Bearer ${token}`})};
  const response = await fetch(path, {...options, headers, credentials: "same-origin"});
  const body = await response.json().catch(() => null);
  if (!response.ok || !body) throw new Refused(response.status, body?.error?.message ?? response.statusText);
  return body;
}

function complain(error) {
  const {status} = error;
  find("access").hidden &&= status !== 401;
  if (status === 401) find("token").focus();
  const isWrong = Boolean(sessionStorage.getItem(TOKEN));
  problem.textContent = status === 401 ? (isWrong ? say("error_token") : "") : status === 429 ? say("error_busy")
    : status ? say("error_other", {message: error.message}) : say("error_gone");
}

function linkTo(url) {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return null;
  const link = element("a", "", say("open"));
  Object.assign(link, {href: url, target: "_blank", rel: "noopener noreferrer"});
  return link;
}

function proofPart(proof) {
  const part = element("section", "proof", element("h3", "", say("proof")), element("p", "", proof.statement));
  if (proof.quote) part.append(element("blockquote", "", proof.before, element("mark", "", proof.quote), proof.after));
  else part.append(element("p", "why", say("by_person")));
  const place = element("cite", "", [proof.title || proof.source, proof.section].filter(Boolean).join(" › "));
  const link = linkTo(proof.url);
  part.append(element("p", "place", place, ...(link ? [" ", link] : [])));
  return part;
}

/* Why there is no answer: the model's own refusal needs no reason. */
function reasonOf({known, verified, probability}, isCut) {
  if (known) return isCut ? say("cut") : "";
  if (verified === false) return say("unverified_withheld");
  const {threshold} = about;
  if (probability === null) return threshold ? chance(probability) : "";
  return probability < threshold ? say("withheld", {p: percent(probability), threshold: percent(threshold)}) : "";
}

function answerArticle(text, choice) {
  const found = choice.gabarito, said = (found.answer ?? choice.message.content).trim() || say("nothing");
  const article = element("article", found.known ? "" : "unknown");
  const says = element("div", "says");
  if (found.known) {
    const meter = element("meter");
    meter.value = found.probability;
    meter.hidden = found.probability === null;
    meter.setAttribute("aria-hidden", "true");
    says.append(meter, element("span", "", chance(found.probability)));
  } else says.append(element("span", "stamp some", say("unknown")));
  if (found.known && found.verified !== null) {
    const name = found.verified ? "verified" : "unverified";
    says.append(element("span", `stamp ${found.verified ? "good" : "some"}`, `${found.verified ? "✓" : "?"} ${say(name)}`));
  }
  const why = reasonOf(found, choice.finish_reason === "length");
  article.append(element("h2", "", text), element("p", "answer", said), says, element("p", "why", why));
  if (found.proof) article.append(proofPart(found.proof));
  return article;
}

async function basePart(body) {
  const part = element("section", "proof", element("h3", "", say("base")));
  try {
    const [choice] = (await fetched("v1/base/chat/completions", {method: "POST", body})).choices;
    const said = element("p", "answer", choice.message.content.trim() || say("nothing"));
    part.append(said, element("p", "why", chance(choice.gabarito.probability)));
  } catch {
    part.append(element("p", "why", say("no_base")));
  }
  return part;
}

/* The base is asked once the model has answered: it would slow it down. */
async function compare(article, body) {
  const part = await basePart(body);
  article.append(part);
  told.textContent = part.textContent;
}

function hear(article) {
  told.textContent = [...article.querySelectorAll(".answer, .says, .why")].map((one) => one.textContent).join(". ");
}

function setRunning(controller) {
  running = controller;
  send.textContent = say(controller ? "stop" : "ask");
  find("answers").setAttribute("aria-busy", String(Boolean(controller)));
}

async function ask(text) {
  const controller = new AbortController();
  setRunning(controller);
  problem.textContent = "";
  told.textContent = say("asking");
  try {
    const body = JSON.stringify({messages: [{role: "user", content: text}]});
    const reply = await fetched("v1/chat/completions", {method: "POST", body, signal: controller.signal});
    await learned;  // why there is no answer depends on the threshold
    const article = answerArticle(text, reply.choices[0]);
    find("answers").prepend(article);
    hear(article);
    if (about.base) compare(article, body);
    if (question.value.trim() === text) question.value = "";
  } catch (error) {
    told.textContent = controller.signal.aborted ? say("stopped") : "";
    if (!controller.signal.aborted) complain(error);
  } finally {
    setRunning(null);
  }
}

function keep(text) {
  if (asked.at(-1) !== text) asked.push(text);
  if (asked.length > MOST_KEPT) asked.shift();
  at = asked.length;
}

function submit() {
  const text = question.value.trim();
  if (running || !text) return;
  keep(text);
  ask(text);
}

/* The arrows move through what was asked, from the first line up and from the last line down. */
function recall(by) {
  const next = at + by;
  if (next < 0 || next > asked.length) return false;
  if (at === asked.length) typed = question.value;
  at = next;
  question.value = at === asked.length ? typed : asked[at];
  question.setSelectionRange(question.value.length, question.value.length);
  return true;
}

function isAtEdge(by) {
  const {selectionStart, selectionEnd, value} = question;
  if (selectionStart !== selectionEnd) return false;
  return !(by < 0 ? value.slice(0, selectionStart) : value.slice(selectionEnd)).includes("\n");
}

function gateLine(check) {
  const sign = element("span", `sign ${check.passed ? "good" : "bad"}`, check.passed ? "✓" : "✗");
  sign.setAttribute("aria-hidden", "true");
  const translated = check.translations[language];
  const text = element("span", "", translated ?? check.text);
  text.lang = translated ? language : "en";
  return element("li", "", sign, element("span", "heard", `${say(check.passed ? "check_passed" : "check_failed")}: `), text);
}

function gatePart(verdict) {
  if (!verdict) return [say("gate_unknown")];
  const list = element("ul", "", ...verdict.checks.map(gateLine));
  return [element("b", verdict.passed ? "good" : "bad", say(verdict.passed ? "gate_passed" : "gate_failed")), list];
}

function drawAbout() {
  find("name").textContent = about.model;
  document.title = `Gabarito: ${about.model}`;
  const rows = [["model", about.model], ["gate", ...gatePart(about.verdict)]];
  if (about.digest) rows.splice(1, 0, ["digest", about.digest]);
  if (about.threshold) rows.push(["threshold", percent(about.threshold)]);
  rows.push(["facts", about.facts === null ? say("no_facts") : about.facts.toLocaleString(language)]);
  const list = element("dl", "", ...rows.flatMap(([name, ...value]) => [element("dt", "", say(name)), element("dd", "", ...value)]));
  find("model").replaceChildren(list);
  find("about").hidden = false;
  const {verdict} = about, gate = find("gate");
  gate.hidden = !verdict;
  if (verdict) {
    gate.className = `stamp ${verdict.passed ? "good" : "bad"}`;
    gate.textContent = `${verdict.passed ? "✓" : "✗"} ${say(verdict.passed ? "gate_passed" : "gate_failed")}`;
  }
}

async function learn() {
  try {
    about = await fetched("v1/gabarito");
    drawAbout();
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

find("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) running.abort();
  else submit();
});
find("access").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = find("token").value.trim();
  problem.textContent = /^[!-~]+$/.test(token) ? "" : say("error_token");  // a header takes no other signs
  if (problem.textContent) return;
  sessionStorage.setItem(TOKEN, token);
  learned = learn();
  if (!await learned) return;
  find("access").hidden = true;
  find("token").value = "";
  question.focus();
});
question.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    submit();
  }
  const by = {ArrowUp: -1, ArrowDown: 1}[event.key];
  if (by && isAtEdge(by) && recall(by)) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") running?.abort();
});
learned = learn();
