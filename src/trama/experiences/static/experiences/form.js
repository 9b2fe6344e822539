// The sheet of an experience: suggestions while typing, more rows, saving by itself, and nothing typed is ever lost.
// Without this script the same form is sent by its buttons.

const form = document.querySelector("[data-experience-form]");
if (form) start(form);

function start(form) {
  const store = keeper(form);
  const saver = autosave(form, store);
  suggest(form);
  pickMeant(form);
  moreRows(form);
  moreNames(form);
  here(form);
  countSteps(form);
  offerToRestore(form, store, saver);
  form.addEventListener("input", () => saver.changed());
  form.addEventListener("change", () => saver.changed());
  form.addEventListener("submit", () => saver.sent());
  // Enter in a field (the "Go" of a phone) is no wish to leave the sheet half filled: only the buttons send it.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type=submit]):not([type=button])")) {
      event.preventDefault();
    }
  });
}

// --- what was typed, kept on this device until it is saved ---------------------------------------------------------
function keeper(form) {
  const key = `trama:experience:${form.dataset.key}`;
  const silent = new Set(["csrfmiddlewaretoken", "base"]);
  const week = 7 * 24 * 3600 * 1000;
  const safely = (work) => {
    try {
      return work();
    } catch {
      return null; // a full or forbidden store must not stop anybody from writing
    }
  };
  return {
    read() {
      const kept = safely(() => JSON.parse(localStorage.getItem(key)));
      if (!kept || Date.now() - kept.at > week) return null;
      return kept;
    },
    keep(sent = false) {
      const values = [...new FormData(form)].filter(([name, value]) => !silent.has(name) && typeof value === "string");
      safely(() => localStorage.setItem(key, JSON.stringify({ at: Date.now(), sent, path: location.pathname, values })));
    },
    drop() {
      safely(() => localStorage.removeItem(key));
    },
  };
}

function offerToRestore(form, store, saver) {
  const kept = store.read();
  const box = document.querySelector("[data-restore]");
  const before = JSON.stringify([...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken" && name !== "base"));
  if (!kept || !box || JSON.stringify(kept.values) === before) return;
  if (document.querySelector(".tr-errors")) return; // the form came back with what was typed
  const time = new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
  box.querySelector("[data-restore-said]").textContent = form.dataset.saidFound.replace("{time}", time);
  box.hidden = false;
  box.querySelector("[data-restore-take]").addEventListener("click", () => {
    fill(form, kept.values);
    box.hidden = true;
    saver.changed();
    form.querySelector("#id_name").focus();
  });
  box.querySelector("[data-restore-drop]").addEventListener("click", () => {
    store.drop();
    box.hidden = true;
    form.querySelector("#id_name").focus();
  });
}

function fill(form, values) {
  const byName = new Map();
  for (const [name, value] of values) byName.set(name, [...(byName.get(name) ?? []), value]);
  for (const prefix of ["parts", "money"]) {
    const wanted = Number(byName.get(`${prefix}-TOTAL_FORMS`)?.[0] ?? 0);
    while (rowsOf(form, prefix).length < Math.min(wanted, 200)) addRow(form, prefix);
  }
  for (const box of form.querySelectorAll("[data-names]")) {
    const name = box.querySelector("input").name;
    while (box.querySelectorAll("input").length < Math.min((byName.get(name) ?? []).length, 50)) addName(box);
  }
  const used = new Map();
  for (const control of form.elements) {
    if (!control.name || ["csrfmiddlewaretoken", "base"].includes(control.name) || control.type === "submit") continue;
    if (/_FORMS$/.test(control.name)) continue;
    const wanted = byName.get(control.name) ?? [];
    if (control.type === "checkbox" || control.type === "radio") {
      control.checked = wanted.includes(control.value);
    } else {
      const number = used.get(control.name) ?? 0;
      control.value = wanted[number] ?? "";
      used.set(control.name, number + 1);
    }
  }
  for (const step of form.querySelectorAll("[data-step]")) if (filled(step)) step.open = true;
}

// --- saving by itself ----------------------------------------------------------------------------------------------
function autosave(form, store) {
  const said = form.querySelector("[data-said]");
  const words = form.dataset;
  let timer = 0;
  let running = false;
  let again = false;
  let pause = 4000;
  let stopped = false;
  const say = (text, attention = false) => {
    said.textContent = text;
    said.classList.toggle("ex-said-attention", attention);
  };
  const later = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(save, delay);
  };

  async function save() {
    if (stopped) return;
    if (!words.autosave) {
      store.keep();
      say(words.saidKept);
      return;
    }
    if (running) {
      again = true;
      return;
    }
    running = true;
    again = false;
    say(words.saidSaving);
    try {
      const response = await fetch(words.autosave, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        redirect: "error",
      });
      const answer = await response.json();
      told(answer);
      pause = 4000;
    } catch {
      say(words.saidOffline, true);
      later(pause);
      pause = Math.min(pause * 2, 60000);
    } finally {
      running = false;
      if (again) later(500);
    }
  }

  function told(answer) {
    if (answer.message) {
      say(answer.message, true);
      stopped = Boolean(answer.stop);
      return;
    }
    if (answer.base) form.elements.base.value = answer.base;
    if (answer.conflicts?.length) {
      say(words.saidConflict.replace("{fields}", answer.conflicts.join(", ")), true);
    } else if (answer.problems?.length) {
      say(words.saidPartly.replace("{time}", answer.saved).replace("{problems}", answer.problems.join(" ")), true);
    } else {
      say(words.saidSaved.replace("{time}", answer.saved));
      if (!again) store.drop();
    }
  }

  window.addEventListener("online", () => words.autosave && later(300));
  window.addEventListener("pagehide", () => timer && !stopped && !words.autosave && store.keep());
  return {
    changed() {
      store.keep();
      later(words.autosave ? 1200 : 600);
    },
    sent() {
      clearTimeout(timer);
      stopped = true;
      store.keep(true);
    },
  };
}

// --- suggestions -----------------------------------------------------------------------------------------------------
function suggest(form) {
  const base = form.dataset.suggestions;
  let number = 0;
  let timer = 0;
  form.addEventListener("input", (event) => {
    const field = event.target.closest("[data-suggest]");
    if (!field || field.value.trim().length < 2) return;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++number;
      const address = `${base.replace(/[a-z]+\.json$/, `${field.dataset.suggest}.json`)}?q=${encodeURIComponent(field.value)}`;
      try {
        const answer = await (await fetch(address, { headers: { Accept: "application/json" } })).json();
        if (mine === number) show(field, answer.options);
      } catch {
        // Without connection one types the name: the server asks again when it is saved.
      }
    }, 200);
  });

  function show(field, options) {
    let list = field.ownSuggestions;
    if (!list) {
      list = document.createElement("datalist");
      list.id = `suggested-${Math.random().toString(36).slice(2)}`;
      field.after(list);
      field.setAttribute("list", list.id);
      field.ownSuggestions = list;
    }
    list.replaceChildren(
      ...options.map((text) => {
        const option = document.createElement("option");
        option.value = text;
        return option;
      }),
    );
  }
}

// --- a name that may be meant: a touch puts it in the place of the one typed -----------------------------------------
function pickMeant(form) {
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pick-typed]");
    if (!button) return;
    const [field] = JSON.parse(button.value);
    const inputs = [...form.querySelectorAll(`input[name="${field}"]`)];
    const wrong = inputs.find((input) => input.value.split(/\s+/).filter(Boolean).join(" ") === button.dataset.pickTyped);
    if (!wrong) return; // it is sent, and the server does the same
    event.preventDefault();
    wrong.value = button.dataset.pickName;
    wrong.dispatchEvent(new Event("input", { bubbles: true }));
    wrong.dispatchEvent(new Event("change", { bubbles: true }));
    wrong.focus();
    button.closest(".ex-perhaps").remove();
  });
}

// --- more rows ---------------------------------------------------------------------------------------------------------
function rowsOf(form, prefix) {
  return form.querySelectorAll(`[data-rows="${prefix}"] [data-row]`);
}

function addRow(form, prefix) {
  const total = form.elements[`${prefix}-TOTAL_FORMS`];
  const template = form.querySelector(`[data-empty="${prefix}"]`);
  const holder = document.createElement("div");
  holder.innerHTML = template.innerHTML.replaceAll("__prefix__", total.value);
  const row = holder.firstElementChild;
  form.querySelector(`[data-rows="${prefix}"]`).append(row);
  total.value = Number(total.value) + 1;
  return row;
}

function moreRows(form) {
  for (const button of form.querySelectorAll("[data-add]")) {
    button.hidden = false;
    button.addEventListener("click", () => addRow(form, button.dataset.add).querySelector("input").focus());
  }
}

function addName(box) {
  const inputs = box.querySelectorAll("input");
  const last = inputs[inputs.length - 1];
  const next = last.cloneNode();
  next.value = "";
  next.removeAttribute("value");
  next.id = `${inputs[0].id}_${inputs.length}`;
  if (next.getAttribute("list")?.startsWith("suggested-")) next.removeAttribute("list");
  (box.querySelector("datalist") ?? last).before(next);
  if (!box.querySelector("datalist")) last.after(next);
  return next;
}

function moreNames(form) {
  form.addEventListener("change", (event) => {
    const box = event.target.closest("[data-names]");
    if (!box) return;
    const inputs = [...box.querySelectorAll("input")];
    if (inputs.length < 12 && inputs.every((input) => input.value.trim())) addName(box);
  });
}

// --- here ----------------------------------------------------------------------------------------------------------------
function here(form) {
  const button = form.querySelector("[data-here]");
  const said = form.querySelector("[data-here-said]");
  if (!button || !navigator.geolocation || !window.isSecureContext) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.lon.value = coords.longitude.toFixed(6);
        form.elements.lat.value = coords.latitude.toFixed(6);
        said.textContent = form.dataset.saidHere;
        form.dispatchEvent(new Event("change"));
      },
      () => {
        said.textContent = form.dataset.saidNowhere;
      },
      { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 },
    );
  });
}

// --- which steps hold something ---------------------------------------------------------------------------------------
function filled(step) {
  return [...step.querySelectorAll("input, textarea, select")].filter((control) => {
    if (control.type === "hidden" || control.closest("template")) return false;
    if (control.type === "checkbox" || control.type === "radio") return control.checked;
    return control.tagName !== "SELECT" && control.value.trim() !== "";
  }).length;
}

function countSteps(form) {
  const mark = () => {
    for (const step of form.querySelectorAll("[data-step]")) {
      const summary = step.querySelector("summary");
      let badge = summary.querySelector(".ex-filled");
      if (!badge) {
        badge = document.createElement("span");
        badge.className = "ex-filled";
        summary.append(badge);
      }
      badge.textContent = filled(step) ? "✓" : "";
    }
  };
  mark();
  form.addEventListener("change", mark);
}
