"use strict";
// Which step is shown, what is lit by it, and what by the pointer. The address keeps the step.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const frames = all(".frame");
  const about = (frame) => frame.dataset.lit.split(" ");

  // --- the picture as Graphviz wrote it: the id of a node is its key, classes of an edge those of its ends; of what is
  // folded one node stands for many

  const folded = new Map(one("#picture")?.dataset.folded.split(" ").map((pair) => pair.split(":")));
  const drawn = (key) => folded.get(key) ?? key;
  const since = new Map();
  frames.forEach((frame, i) => about(frame).map(drawn).forEach((key) => since.has(key) || since.set(key, i + 1)));
  const ends = new Map(all("#picture .edge").map((edge) => [edge, [...edge.classList].slice(2)]));
  for (const node of all("#picture .node")) {
    node.dataset.key = node.id;
    node.dataset.since = since.get(node.id) ?? Infinity;
  }
  for (const [edge, keys] of ends) edge.dataset.since = Math.max(...keys.map((key) => since.get(key) ?? Infinity));
  for (const title of all("#picture title")) title.remove(); // it would pop up

  // --- what is shown and lit ---

  const changing = all("[data-since]");
  const entries = all("#tape :is(tr, td)[data-key]");
  const nodes = all("#picture [data-key]");
  const keyed = Map.groupBy(all("[data-key]:not(#picture *)"), (element) => element.dataset.key);
  const known = all("#formulas li");
  const within = (number) => Math.min(Math.max(number, 1), frames.length);
  const buttons = all("[data-go]");
  const slider = one("#controls input");
  const status = one("[role=status]");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const moves = { first: () => 1, back: () => now - 1, next: () => now + 1, last: () => frames.length };
  const keys = {
    ArrowRight: moves.next, PageDown: moves.next, ArrowLeft: moves.back, PageUp: moves.back,
    Home: moves.first, End: moves.last,
  };
  let now = 0;

  function go(number, remember = "replaceState") {
    const next = within(number);
    if (next === now) return;
    now = next;
    const frame = frames[now - 1];
    const lit = new Set(about(frame));
    frames.forEach((other) => other.classList.toggle("off", other !== frame));
    for (const element of changing) {
      element.classList.toggle("future", now < Number(element.dataset.since));
      element.classList.toggle("past", now >= Number(element.dataset.until ?? Infinity));
    }
    for (const entry of entries) entry.classList.toggle("lit", lit.has(entry.dataset.key));
    for (const line of known) line.classList.toggle("lit", Number(line.dataset.since) === now);
    const boxes = new Set([...lit].map(drawn));
    for (const node of nodes) node.classList.toggle("lit", boxes.has(node.dataset.key));
    for (const [edge, keys] of ends) edge.classList.toggle("lit", keys.every((key) => boxes.has(key)));
    tell(frame);
    scroll(about(frame)[0]);
    try { // a frame in a notebook has no address of its own
      history[remember](null, "", `#${now}`);
    } catch { /* then nothing keeps the step */ }
  }

  function tell(frame) { // the count for all, what happens for those who do not see it
    const count = one(".count", frame);
    const made = all(".value .formula, .product .formula, .broadcasting-undone .formula", frame).pop();
    const words = [one("h3", frame), ...(made ? [made] : [])].map((element) => `. ${element.textContent}`).join("");
    const unseen = Object.assign(document.createElement("span"), { className: "unseen", textContent: words });
    status.replaceChildren(...count.cloneNode(true).childNodes, unseen);
    slider.value = now;
    slider.setAttribute("aria-valuetext", count.textContent);
    for (const button of buttons) { // not disabled: that would take the focus from who presses it
      button.setAttribute("aria-disabled", String(within(moves[button.dataset.go]()) === now));
    }
  }

  function scroll(current) { // what is lit, or at least the current node, into sight; the page itself stays
    for (const box of all(".scroll")) {
      const lit = all(".lit", box);
      if (!lit.length) continue;
      const around = box.getBoundingClientRect();
      const head = one("thead", box)?.offsetHeight ?? 0; // stays at the top
      const by = (start, end, length, covered) => {
        const of = (elements) => {
          const places = elements.map((element) => element.getBoundingClientRect());
          const first = Math.min(...places.map((place) => place[start])) - around[start] - covered;
          return [first, Math.max(...places.map((place) => place[end])) - around[start] - covered];
        };
        let [first, last] = of(lit);
        const main = lit.filter((each) => [current, drawn(current)].includes(each.dataset.key));
        if (last - first > length - covered && main.length) [first, last] = of(main);
        return first > -1 && last < length - covered + 1 ? 0 : (first + last - length + covered) / 2;
      };
      const [left, top] = [by("left", "right", box.clientWidth, 0), by("top", "bottom", box.clientHeight, head)];
      box.scrollBy({ left: box.closest("#picture") ? left : 0, top, behavior: calm.matches ? "auto" : "smooth" });
    }
  }

  // --- how much room there is

  const framed = parent !== window;
  const enough = 22; // rem, of the formulas and the tape beside the steps

  const above = () => one("#step").getBoundingClientRect().top + scrollY;

  function fit() { // what stands beside the steps is to be in sight
    one("#beside").style.setProperty("--room", `${innerHeight - above()}px`);
  }

  function tellHeight() { // to the notebook around a frame, which has asked: so much the largest step needs
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    for (const frame of frames) frame.classList.remove("off");
    const tallest = Math.max(...frames.map((frame) => frame.offsetHeight));
    frames.forEach((frame, i) => frame.classList.toggle("off", i !== now - 1));
    const below = getComputedStyle(one("#beside")).position === "sticky"
      ? Math.max(tallest, enough * rem) + one("footer").offsetHeight + 4 * rem
      : tallest + document.body.offsetHeight - above() - one("#step").offsetHeight;
    parent.postMessage({ height: Math.ceil(above() + below) }, "*");
  }

  const asked = () => Number(/^#(\d+)$/.exec(location.hash)?.[1] ?? 0);

  for (const button of buttons) button.addEventListener("click", () => go(moves[button.dataset.go]()));
  slider.addEventListener("input", () => go(Number(slider.value)));
  addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.target === slider) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    go(keys[event.key]());
  });
  addEventListener("click", (event) => { // a symbol leads to the step that made it
    const link = event.target.closest?.("a.symbol");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(Number(link.getAttribute("href").slice(1)), "pushState");
    if (!link.offsetParent) one("#step").focus({ preventScroll: true });
  });
  for (const moved of ["hashchange", "popstate"]) addEventListener(moved, () => asked() && go(asked()));

  // --- swiping, where nothing is to be scrolled sideways ---

  let start = null;
  addEventListener("touchstart", (event) => {
    const box = event.target.closest(".scroll, dd, #controls");
    const taken = event.touches.length > 1 || (box && (box.id || box.scrollWidth > box.clientWidth));
    start = taken ? null : event.touches[0];
  }, { passive: true });
  addEventListener("touchend", (event) => {
    if (!start) return;
    const [end] = event.changedTouches;
    const [x, y] = [end.clientX - start.clientX, end.clientY - start.clientY];
    start = null;
    if (Math.abs(x) > 50 && Math.abs(x) > 2 * Math.abs(y)) go(x < 0 ? now + 1 : now - 1);
  });

  // --- what is pointed at: a symbol lights its node, and a node its symbols ---

  let pointed = [];
  function point(target) {
    const element = target?.closest?.("[data-key]");
    const key = element?.dataset.key;
    const meant = element?.closest("#picture") ? [...keyed.keys()].filter((other) => drawn(other) === key) : [key];
    for (const element of pointed) element.classList.remove("pointed");
    pointed = [...meant.flatMap((key) => keyed.get(key) ?? []), ...nodes.filter((n) => n.dataset.key === drawn(key))];
    for (const element of pointed) element.classList.add("pointed");
  }
  for (const kind of ["pointerover", "focusin"]) addEventListener(kind, (event) => point(event.target));
  addEventListener("focusout", () => point(null));
  document.documentElement.addEventListener("pointerleave", () => point(document.activeElement));

  document.documentElement.classList.add("live", ...(framed ? ["framed"] : []));
  one("#controls").hidden = false;
  for (const frame of frames) frame.removeAttribute("id"); // else the browser scrolls to it, away from the picture
  addEventListener("resize", fit);
  fit();
  go(asked() || 1);
  addEventListener("message", ({ data, source }) => {
    if (data !== "height" || source !== parent) return;
    tellHeight();
    addEventListener("resize", tellHeight);
  });
})();
