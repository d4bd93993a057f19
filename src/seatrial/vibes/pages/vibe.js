// Keeps every change of a rating as it is made, and goes on to the next pair when it is complete.
const form = document.getElementById("rating");
const kept = document.getElementById("kept");
const wrong = document.getElementById("wrong");
const began = Date.now();
let version = Number(form.dataset.version);
let waiting = null;
let sending = Promise.resolve();

function number(name) {
  const chosen = form.querySelector(`input[name=${name}]:checked`);
  return chosen ? Number(chosen.value) : null;
}

function said(done) {
  const tags = [...form.querySelectorAll("input[name=tags]:checked")].map((box) => box.value);
  const extra = document.getElementById("newtag").value.trim();
  if (done && extra && !tags.includes(extra)) tags.push(extra);
  return {
    version, done, tags,
    note: form.note.value,
    off_left: number("off_left"),
    off_right: number("off_right"),
    preference: number("preference"),
    seconds: Math.min((Date.now() - began) / 1000, 86400),
  };
}

async function send(done) {
  let reply;
  try {
    reply = await fetch(`/pair/${form.dataset.name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Guard": form.dataset.guard },
      body: JSON.stringify(said(done)),
    });
  } catch {
    kept.textContent = "not kept: no connection, trying again";
    later(2000);
    return false;
  }
  const body = await reply.json().catch(() => ({}));
  if (!reply.ok) {
    wrong.textContent = body.error || "not kept; reload the page";
    kept.textContent = "";
    return false;
  }
  version = body.version;
  wrong.textContent = "";
  kept.textContent = "kept";
  return true;
}

function later(wait) {
  clearTimeout(waiting);
  waiting = setTimeout(() => { sending = sending.then(() => send(false)); }, wait);
}

form.addEventListener("input", () => { kept.textContent = "…"; later(400); });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  sending = sending.then(() => send(true)).then((ok) => { if (ok) location.assign(form.dataset.after ? `/pair/${form.dataset.after}` : "/"); });
});
