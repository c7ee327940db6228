"use strict";
// Which step is shown, what is lit by it, and what by the pointer. The address keeps the step.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const frames = all(".frame");
  const changing = all("[data-since]");
  const nodes = all("#tape [data-key], #picture [data-key]");
  const edges = all("[data-ends]");
  const keyed = new Map();
  for (const element of all("[data-key]")) {
    const { key } = element.dataset;
    keyed.set(key, [...(keyed.get(key) ?? []), element]);
  }
  const slider = one("#controls input");
  const status = one("[role=status]");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const moves = { first: () => 1, back: () => now - 1, next: () => now + 1, last: () => frames.length };
  const keys = {
    ArrowRight: moves.next, ArrowLeft: moves.back, PageDown: moves.next, PageUp: moves.back, Home: moves.first, End: moves.last,
  };
  let now = 0;

  function go(number, remember = "replaceState") {
    const next = Math.min(Math.max(number, 1), frames.length);
    if (next === now) return;
    now = next;
    const frame = frames[now - 1];
    const lit = new Set(frame.dataset.lit.split(" "));
    frames.forEach((other) => other.classList.toggle("off", other !== frame));
    for (const element of changing) {
      element.classList.toggle("future", now < Number(element.dataset.since));
      element.classList.toggle("past", now >= Number(element.dataset.until ?? Infinity));
    }
    for (const node of nodes) node.classList.toggle("lit", lit.has(node.dataset.key));
    for (const edge of edges) edge.classList.toggle("lit", edge.dataset.ends.split(" ").every((key) => lit.has(key)));
    tell(frame);
    scroll();
    try { // a frame in a notebook has no address of its own
      history[remember](null, "", `#${now}`);
    } catch { /* then nothing keeps the step */ }
  }

  function tell(frame) {
    const count = one(".count", frame).textContent;
    const [step, phase] = count.split(": ");
    const bold = Object.assign(document.createElement("b"), { textContent: step });
    const title = Object.assign(document.createElement("span"), { className: "unseen", textContent: `. ${one("h3", frame).textContent}` });
    status.replaceChildren(bold, `: ${phase}`, title);
    slider.value = now;
    slider.setAttribute("aria-valuetext", count);
    for (const button of all("[data-go]")) {
      button.setAttribute("aria-disabled", String(Math.min(Math.max(moves[button.dataset.go](), 1), frames.length) === now));
    }
  }

  function scroll() { // what is lit, into the middle of its box; the page itself stays
    for (const box of all(".scroll")) {
      const places = all(".lit", box).map((element) => element.getBoundingClientRect());
      if (!places.length) continue;
      const around = box.getBoundingClientRect();
      const middle = (start, end) => (Math.min(...places.map((place) => place[start])) + Math.max(...places.map((place) => place[end]))) / 2;
      const left = box.closest("#picture") ? box.scrollLeft + middle("left", "right") - around.left - box.clientWidth / 2 : 0;
      const top = box.scrollTop + middle("top", "bottom") - around.top - box.clientHeight / 2;
      box.scrollTo({ left, top, behavior: calm.matches ? "auto" : "smooth" });
    }
  }

  const asked = () => Number(/^#(\d+)$/.exec(location.hash)?.[1] ?? 0);

  for (const button of all("[data-go]")) button.addEventListener("click", () => go(moves[button.dataset.go]()));
  slider.addEventListener("input", () => go(Number(slider.value)));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target === slider || !(event.key in keys)) return;
    event.preventDefault();
    go(keys[event.key]());
  });
  addEventListener("click", (event) => { // a symbol leads to the step that made it
    const link = event.target.closest?.("a.symbol");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(Number(link.hash.slice(1)), "pushState");
    if (!link.offsetParent) one("#step").focus({ preventScroll: true });
  });
  for (const moved of ["hashchange", "popstate"]) addEventListener(moved, () => asked() && go(asked()));

  // --- swiping, where nothing is to be scrolled sideways ---

  let start = null;
  addEventListener("touchstart", (event) => {
    const box = event.target.closest(".scroll, dd, #controls");
    start = event.touches.length === 1 && !(box && (box.id || box.scrollWidth > box.clientWidth)) ? event.touches[0] : null;
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
    const key = target?.closest?.("[data-key]")?.dataset.key;
    for (const element of pointed) element.classList.remove("pointed");
    pointed = keyed.get(key) ?? [];
    for (const element of pointed) element.classList.add("pointed");
  }
  for (const kind of ["pointerover", "focusin"]) addEventListener(kind, (event) => point(event.target));
  addEventListener("focusout", () => point(null));
  document.documentElement.addEventListener("pointerleave", () => point(document.activeElement));

  document.documentElement.classList.add("live");
  one("#controls").hidden = false;
  for (const frame of frames) frame.removeAttribute("id"); // else the browser scrolls to it, away from the picture
  if (asked()) addEventListener("load", () => scrollTo(0, 0));
  go(asked() || 1);
})();
