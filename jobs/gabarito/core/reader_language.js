/* The page in the first of the reader's languages that it has; English stands there already. */
const language = navigator.languages.map((name) => name.split("-")[0]).find((name) => Object.hasOwn(WORDS, name)) ?? "en";

function say(name, values = {}) {
  return WORDS[language][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

for (const spoken of document.querySelectorAll(`template[lang=${language}]`)) {
  for (const one of [...document.body.children]) if (!one.matches("template, script, noscript")) one.remove();
  document.body.prepend(spoken.content);
  document.title = spoken.dataset.title;
  document.documentElement.lang = language;
  /* a browser looks for it once, and may have found the one that has gone */
  document.querySelector("[autofocus]")?.focus();
}
