// Puts what the rater says to both models and shows both answers at one pace.
const say = document.getElementById("say");
const words = document.getElementById("words");
const talk = document.getElementById("talk");
const state = document.getElementById("state");
const button = say.querySelector("button");
const page = document.getElementById("rating");
const draft = `vibe words ${page.dataset.name}`;
let turn = Number(talk.dataset.turn);

// What is not said yet outlives the page too.
words.addEventListener("input", () => {
  try { localStorage.setItem(draft, words.value); } catch { /* the browser may forbid it */ }
});
try { words.value ||= localStorage.getItem(draft) || ""; } catch { /* the browser may forbid it */ }

function part(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function answerBox(name) {
  const section = part("section", "card");
  section.setAttribute("aria-label", `${name} answer`);
  const box = part("div", "answer", "…");
  section.append(part("h2", "side", name), box);
  return [section, box];
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const whole = rest.split("\n");
    rest = whole.pop();
    yield* whole.filter((line) => line).map((line) => JSON.parse(line));
  }
}

async function put(text) {
  const said = part("div", "turn said");
  said.append(part("b", "", "You"), part("p", "", text));
  const [left, leftBox] = answerBox("Left");
  const [right, rightBox] = answerBox("Right");
  const pair = part("div", "answers");
  pair.append(left, right);
  talk.append(said, pair);
  state.textContent = "both are writing …";
  let begun = false;
  let wrong = "no connection; what you wrote is kept: try again";
  try {
    const reply = await fetch(`/live/${page.dataset.name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Guard": page.dataset.guard },
      body: JSON.stringify({ turn, text }),
    });
    if (!reply.ok) {
      wrong = (await reply.json().catch(() => ({}))).error || "that did not work; reload the page";
    } else {
      for await (const piece of lines(reply.body)) {
        if (piece.error) wrong = piece.error;
        else if (piece.done) {
          leftBox.innerHTML = piece.left;
          rightBox.innerHTML = piece.right;
          wrong = "";
        } else if (piece.left !== undefined) {
          if (!begun) leftBox.textContent = rightBox.textContent = "";
          begun = true;
          leftBox.textContent += piece.left;
          rightBox.textContent += piece.right;
        }
      }
    }
  } catch { /* the words for a lost connection stand already */ }
  if (wrong) {
    said.remove();
    pair.remove();
  }
  return wrong;
}

say.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = words.value.trim();
  if (!text) return;
  button.disabled = true;
  const wrong = await put(text);
  state.textContent = wrong;
  button.textContent = wrong ? "Try again" : "Say it to both";
  button.disabled = false;
  if (wrong) return;
  words.value = "";
  try { localStorage.removeItem(draft); } catch { /* the browser may forbid it */ }
  turn += 1;
  if (turn >= Number(talk.dataset.most)) {
    say.hidden = true;
  } else {
    words.focus();
  }
});
if (turn >= Number(talk.dataset.most)) say.hidden = true;
