// Forms go out as JSON with the page's guard; what comes back is said beside the form, or on the page that follows.
const guard = document.body.dataset.guard;
const said = document.querySelector("#said");
const KEPT = "seatrial said";

const kept = sessionStorage.getItem(KEPT);
if (kept) {
  said.textContent = kept;
  said.hidden = false;
  sessionStorage.removeItem(KEPT);
}

async function send(path, body) {
  const headers = { "Content-Type": "application/json", "X-Guard": guard };
  let reply;
  try {
    reply = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  } catch {
    throw new Error("The server cannot be reached; nothing was entered as far as is known. Reload before you try again.");
  }
  let found = {};
  try {
    found = await reply.json();
  } catch {
    found = { error: `the server said ${reply.status}` };
  }
  if (!reply.ok) throw new Error(found.error || `the server said ${reply.status}`);
  return found;
}

function contents(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if ("list" in field.dataset) {
      body[field.name] ??= [];
      if (field.checked) body[field.name].push(field.value);
    } else if (field.value !== "") {
      body[field.name] = field.type === "number" || "number" in field.dataset ? Number(field.value) : field.value;
    }
  }
  return body;
}

function working(form, done) {
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const button = form.querySelector("button"), output = form.querySelector("output");
    button.disabled = true;
    output.textContent = "";
    try {
      await done(form);
    } catch (error) {
      output.textContent = error.message;
      button.disabled = false;
    }
  });
}

for (const form of document.querySelectorAll("form[data-post]")) {
  working(form, async () => {
    const found = await send(form.dataset.post, "go" in form.dataset ? {} : contents(form));
    if (found.to) {
      location.assign(found.to);
      return;
    }
    const words = found.said ? [found.said, ...(found.told ?? []), `Entry ${found.entry} of the ledger.`] : ["Done."];
    sessionStorage.setItem(KEPT, words.join(" "));
    location.reload();
  });
}

for (const form of document.querySelectorAll("form[data-log-in]")) {
  working(form, async () => {
    await send("/api/login", { token: form.elements.token.value });
    location.replace("/team");
  });
  const fromLink = () => {
    if (location.hash.length < 2) return;
    form.elements.token.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    form.requestSubmit();
  };
  addEventListener("hashchange", fromLink);
  fromLink();
}

document.querySelector("[data-leave]")?.addEventListener("click", async () => {
  await send("/api/logout", {}).catch(() => {});
  location.replace("/login");
});
