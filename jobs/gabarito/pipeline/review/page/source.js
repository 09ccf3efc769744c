"use strict";
/* Where the facts come from: a server that takes decisions, or blocks packed into this very file.
   Both answer find, rows and sheet alike; only the first can decide. */
const DATA = JSON.parse(document.getElementById("data").textContent);
const OPENING = DATA.opening;

function fold(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
}

class Server {
  async find(asked) {
    return this.#get(`facts?${new URLSearchParams(asked)}`);
  }

  async rows(ids) {
    return this.#get(`rows?ids=${ids.join(",")}`);
  }

  async sheet(id) {
    return this.#get(`fact?id=${encodeURIComponent(id)}`);
  }

  async decide(step, said = {}) {
    return this.#ask(step, {
      method: "POST", body: JSON.stringify(said), headers: {"Content-Type": "application/json"},
    });
  }

  #get(path) {
    return this.#ask(path, {});
  }

  async #ask(path, options) {
    let reply;
    try {
      reply = await fetch(path, {...options, cache: "no-store", redirect: "error"});
    } catch {
      throw new Error(say("no_server"));
    }
    if (reply.ok) return reply.json();
    const said = await reply.json().catch(() => ({error: say("no_server")}));
    throw new Error(said.error);
  }
}

class Packed {
  #sheets = new Map([[OPENING.sheet.row.id, OPENING.sheet]]);
  #texts = new Map();
  #whole = this.#unpack();

  async find({text, document: named, state}) {
    const found = OPENING.found;
    if (!text && !named && !state) return found;
    await this.#whole;
    const words = fold(text).split(/\s+/).filter(Boolean), place = fold(named).trim();
    const ids = found.ids.filter((id) => this.#matches(this.#sheets.get(id), words, place, state));
    return {...found, ids};
  }

  async rows(ids) {
    if (!ids.every((id) => this.#sheets.has(id))) await this.#whole;
    return ids.map((id) => this.#sheets.get(id).row);
  }

  async sheet(id) {
    if (!this.#sheets.has(id)) await this.#whole;
    return this.#sheets.get(id);
  }

  #matches(sheet, words, place, state) {
    const row = sheet.row;
    if (state === "remarks" ? !row.remarks : state === "decided" ? !sheet.decisions.length : state && row.state !== state) return false;
    if (place && !fold([sheet.fact.document, row.source, sheet.title].join("\n")).includes(place)) return false;
    if (!words.length) return true;
    if (!this.#texts.has(row.id)) this.#texts.set(row.id, this.#textOf(sheet));
    return words.every((word) => this.#texts.get(row.id).includes(word) || word === row.id);
  }

  #textOf({fact, questions}) {
    const own = [fact.statement, fact.answer, ...fact.aliases, fact.quote];
    const asked = questions.map((one) => one.text);
    return fold([...own, fact.subject, fact.relation, fact.qualifier, ...asked].join("\n"));
  }

  async #unpack() {
    for (const block of document.querySelectorAll("script.block")) {
      const bytes = Uint8Array.from(atob(block.textContent), (char) => char.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      for (const sheet of await new Response(stream).json()) this.#sheets.set(sheet.row.id, sheet);
      block.remove();
    }
  }
}
