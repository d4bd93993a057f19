// Keeps every change of a rating as it is made, and goes on to the next pair when it is complete.
const form = document.getElementById("rating");
const kept = document.getElementById("kept");
const wrong = document.getElementById("wrong");
const extra = document.getElementById("newtag");
const began = Date.now();
const OFTEN = 700; // milliseconds between two saves while somebody types
const key = `vibe ${form.dataset.name}`;
const asks = form.dataset.asks.split(" "); // what must be answered before a rating is complete
let tab = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
let version = Number(form.dataset.version);
let step = 0; // edits of this page; the server keeps the latest, in whatever order they come
let changed = false; // something is on the page that no save has taken along
let unsure = false; // a save is under way
let left = -1; // the edit that was sent along when the page last went away
let waiting = null;
let sending = Promise.resolve(true);

function answer(name) {
  const chosen = form.querySelector(`input[name=${name}]:checked`);
  if (!chosen) return null;
  return /^-?\d+$/.test(chosen.value) ? Number(chosen.value) : chosen.value;
}

function said(submitted) {
  const tags = extra && { tags: [...form.querySelectorAll("input[name=tags]:checked")].map((box) => box.value) };
  const all = Object.fromEntries(asks.map((name) => [name, answer(name)]));
  const complete = Object.values(all).every((value) => value !== null);
  return {
    ...all, ...tags, version, tab, step,
    note: form.note.value,
    done: submitted || (form.dataset.done === "1" && complete),
    seconds: Math.min((Date.now() - began) / 1000, 86400),
  };
}

// The browser holds each keystroke at once, for the case that a page goes away before a save is through.
function edit() {
  changed = true;
  step += 1;
  try { localStorage.setItem(key, JSON.stringify(said(false))); } catch { /* the browser may forbid it */ }
}

function forget() {
  try { localStorage.removeItem(key); } catch { /* the browser may forbid it */ }
}

function restore() {
  let draft = null;
  try { draft = JSON.parse(localStorage.getItem(key)); } catch { /* forbidden, or not ours */ }
  if (!draft) return;
  const mine = draft.tab === form.dataset.tab;
  if (mine ? draft.step <= Number(form.dataset.step) : draft.version < version) return forget();
  ({ tab, step } = draft);
  form.note.value = draft.note;
  for (const name of asks) {
    const box = form.querySelector(`input[name=${name}][value="${draft[name]}"]`);
    if (box) box.checked = true;
  }
  for (const box of form.querySelectorAll("input[name=tags]")) box.checked = draft.tags.includes(box.value);
  (draft.tags ?? []).forEach(tick);
  changed = true;
  later(0);
}

function put(body, last) {
  return fetch(location.pathname, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Guard": form.dataset.guard },
    body: JSON.stringify(body),
    keepalive: last,
  });
}

async function send(submitted) {
  changed = false;
  unsure = true;
  let reply;
  try {
    reply = await put(said(submitted), false);
  } catch {
    reply = { status: 503, ok: false, json: async () => ({ error: "" }) };
  }
  unsure = false;
  const body = await reply.json().catch(() => ({}));
  if (reply.ok) {
    version = body.version;
    if (!changed) forget();
    wrong.textContent = "";
    kept.textContent = changed ? "…" : "kept";
    return true;
  }
  if (reply.status === 429 || reply.status >= 500) {
    kept.textContent = "not kept yet, trying again";
    changed = true;
    later(2000);
  } else {
    wrong.textContent = body.error || "not kept; reload the page";
    kept.textContent = "";
  }
  return false;
}

function next(submitted) {
  clearTimeout(waiting);
  waiting = null;
  sending = sending.then(() => send(submitted));
  return sending;
}

function later(wait) {
  if (waiting === null) waiting = setTimeout(() => next(false), wait);
}

// A page that goes away sends what no save has taken along, or not surely; the server keeps the latest edit of a page.
function leave() {
  if ((!changed && !unsure) || left === step) return;
  left = step;
  put(said(false), true).catch(() => { left = -1; });
}

function tick(words) {
  let box = [...form.querySelectorAll("input[name=tags]")].find((one) => one.value === words);
  if (!box) {
    const label = document.createElement("label");
    box = Object.assign(document.createElement("input"), { type: "checkbox", name: "tags", value: words });
    label.append(box, Object.assign(document.createElement("span"), { textContent: words }));
    document.getElementById("tags").append(label);
  }
  box.checked = true;
}

function add() {
  if (!extra) return;
  const words = extra.value.trim();
  if (words) tick(words);
  extra.value = "";
}

form.addEventListener("input", (event) => {
  if (event.target === extra) return;
  edit();
  kept.textContent = "…";
  later(OFTEN);
});
extra?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !extra.value.trim()) return;
  event.preventDefault();
  add();
  edit();
  later(OFTEN);
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  add();
  edit();
  if (await next(true)) location.assign(form.dataset.after ? `/pair/${form.dataset.after}` : "/");
});
document.addEventListener("keydown", (event) => {
  const words = event.target.form;
  const typing = event.target.matches("textarea, input[type=text]");
  const choice = form.dataset.keys && !typing && form.querySelector(`input[name=${asks[0]}][data-key="${event.key}"]`);
  if (choice && !event.ctrlKey && !event.metaKey && !event.altKey) return choice.click();
  if (form.dataset.keys && !typing && event.key === "Enter" && !event.target.closest("a, button, summary")) {
    event.preventDefault();
    return form.requestSubmit();
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && words) {
    event.preventDefault();
    words.requestSubmit();
  }
});
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") leave(); });
addEventListener("pagehide", leave);
restore();
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
