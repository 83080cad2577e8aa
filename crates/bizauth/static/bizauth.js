// Improves pages that work without it: counts ticks, filters the rows already shown, sets aside the list when "all"
// is chosen, sends a form once, adds copy buttons, brings the current link into view. It decides nothing, sends nothing,
// and writes no words of its own.
"use strict";

const plain = (text) => text.normalize("NFC").toLowerCase().replace(/\s+/g, " ").trim();

for (const group of document.querySelectorAll("[data-picker]")) {
  const all = group.querySelector("[data-all]");
  const list = group.querySelector("[data-some]");
  const find = group.querySelector("[data-find]");
  const aside = group.querySelector("[data-aside]");
  const count = group.querySelector("[data-count]");
  const live = group.querySelector("[data-live]");
  const rows = [...group.querySelectorAll("[data-row]")];
  const words = live.textContent;

  const tally = () => {
    const here = group.querySelectorAll("[data-row] input[type=checkbox]:checked").length;
    count.value = count.dataset.count.replace("{n}", here + Number(group.dataset.elsewhere));
    // Inert rather than disabled: a disabled tick would not be sent, and be lost when the person changes their mind.
    list.inert = all.checked;
    aside.value = all.checked ? "1" : "";
  };
  group.addEventListener("change", tally);
  // The browser may restore ticks after this script has run, when the person comes back to the page.
  addEventListener("pageshow", tally);

  if (!find) continue;
  const sought = find.value;
  find.addEventListener("input", () => {
    const text = plain(find.value);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !plain(row.textContent).includes(text);
      shown += row.hidden ? 0 : 1;
    }
    live.textContent = text === plain(sought) ? words : live.dataset.live.replace("{n}", shown);
  });
  find.addEventListener("keydown", (event) => {
    // Enter searches anyhow; by this group's own button the answer comes back to this group.
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    group.querySelector("[data-find-button]").click();
  });
}

for (const form of document.querySelectorAll("form")) {
  // A double click would send the form twice. The browser drops the answer to the first and shows that to the second,
  // which a request with one answer refuses: the person would never arrive at the app.
  let sent = -Infinity;
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - sent < 3000) event.preventDefault();
    else sent = event.timeStamp;
  });
}

// Told to the ear: a button that changes its words is not read out again by every screen reader.
const told = document.body.appendChild(document.createElement("p"));
told.className = "hidden";
told.setAttribute("role", "status");

for (const block of document.querySelectorAll("[data-copy]")) {
  const button = block.querySelector("button");
  const text = block.querySelector("pre, code");
  const label = button.textContent;
  let back;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = told.textContent = button.dataset.copied;
      clearTimeout(back);
      back = setTimeout(() => { button.textContent = label; told.textContent = ""; }, 2000);
    } catch {
      // No clipboard without a secure origin: mark the text, so that the keyboard can copy it.
      getSelection().selectAllChildren(text);
    }
  });
}

// On the phone the links are a strip to swipe: begin where the person is, also after the phone was turned. This is told
// once when a strip begins to be watched, and again when it has another width.
const strips = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const here = target.querySelector("[aria-current]");
    if (here) target.scrollLeft = here.offsetLeft - (target.clientWidth - here.offsetWidth) / 2;
  }
});
for (const strip of document.querySelectorAll("[data-strip]")) strips.observe(strip);
