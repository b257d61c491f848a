// What a page gains with JavaScript: parts marked data-live follow the chain without a reload, and
// the mining button says how far the search is. Without it every page and form works as it is.
"use strict";

const body = document.body;
const ledger = body.dataset.ledger;
const lamp = document.querySelector("[data-lamp]");

function showLamp(state, words) {
  if (!lamp) return;
  lamp.className = "live " + state;
  lamp.textContent = words;
}

// Fetches this very page and puts its live parts in the place of ours. One request at a time; what
// comes meanwhile leads to one more, a moment later: many transactions can come at once.
const refreshPause = 250;
let refreshing = false;
let refreshAgain = false;

async function refresh() {
  if (refreshing) {
    refreshAgain = true;
    return;
  }
  refreshing = true;
  try {
    const address = new URL(location.href);
    address.searchParams.delete("notice");
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const next = fresh.getElementById(part.id);
        if (next && next.innerHTML !== part.innerHTML) replacePart(part, next);
      }
    }
  } catch {
    // The server is away; the event stream tries again by itself and says so.
  }
  if (refreshAgain) {
    refreshAgain = false;
    setTimeout(() => {
      refreshing = false;
      refresh();
    }, refreshPause);
    return;
  }
  refreshing = false;
}

// A part that the reader is typing in or has focused stays as it is.
function replacePart(part, next) {
  if (part.contains(document.activeElement) && document.activeElement.matches("input, select")) return;
  const known = new Set([...part.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
  const fresh = document.importNode(next, true);
  if (known.size > 0) {
    for (const row of fresh.querySelectorAll("[data-key]")) {
      if (!known.has(row.dataset.key)) row.classList.add("fresh");
    }
  }
  part.replaceChildren(...fresh.childNodes);
}

// A page says in data-events what it is to hear of: one that lists transactions hears of those, others of blocks.
// The stream of events is open only while the page is seen: a browser has few connections for one
// server, and many tabs in the background would hold them all.
let stream = null;

function follow() {
  if (stream) return;
  const chosen = body.dataset.events ? `?${body.dataset.events}` : "";
  stream = new EventSource(`/api/v1/ledgers/${encodeURIComponent(ledger)}/events${chosen}`);
  stream.onopen = () => {
    showLamp("on", "live");
    refresh();
  };
  stream.onerror = () => showLamp("off", "reconnecting…");
  stream.addEventListener("block", refresh);
  stream.addEventListener("transaction", refresh);
  stream.addEventListener("replaced", refresh);
}

function unfollow() {
  if (!stream) return;
  stream.close();
  stream = null;
}

function spell(seconds) {
  if (!isFinite(seconds)) return "unknown";
  if (seconds < 1) return "under a second";
  if (seconds < 90) return `about ${Math.round(seconds)} s`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `about ${Math.round(seconds / 3600)} h`;
  return `about ${Math.round(seconds / 86400)} days`;
}

async function showMining(words) {
  try {
    const answer = await fetch(`/api/v1/ledgers/${encodeURIComponent(ledger)}/mining`);
    if (!answer.ok) return;
    const status = await answer.json();
    if (!status.searching) return;
    const rate = (status.hashes_per_s / 1e6).toFixed(1);
    words.textContent = `${rate} million hashes/s · expected ${spell(status.expected_s)}`;
  } catch {
    // The page says nothing rather than something old.
  }
}

for (const form of document.querySelectorAll("form[data-mine]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    const words = form.querySelector("[data-mining]");
    button.disabled = true;
    button.textContent = "Mining…";
    setInterval(() => showMining(words), 500);
  });
}

if (ledger && document.querySelector("[data-live]")) {
  if (!document.hidden) follow();
  document.addEventListener("visibilitychange", () => (document.hidden ? unfollow() : follow()));
  addEventListener("pagehide", unfollow);
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  // What no block announces: pending transactions, and a search that somebody else started.
  setInterval(() => {
    if (!document.hidden) refresh();
  }, 4000);
}
