"use strict";
// Filter by verdict, and search; both are kept in the address, so that a link shows what its sender saw.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = document.querySelector("form");
  const search = document.querySelector("#search");
  const status = document.querySelector("[role=status]");
  const none = document.querySelector("#none");
  const buttons = all(".verdicts button");
  const articles = all("article").map((element) => ({
    element,
    verdict: element.dataset.verdict,
    text: [...all("h3", element.parentElement), ...all("h4, .badge, p, dl, pre", element)]
      .map((part) => part.textContent).join("\n").toLowerCase(),
  }));
  const section = (link) => document.getElementById(decodeURIComponent(link.hash.slice(1)));
  let verdict = "";

  function show() {
    const words = search.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const article of articles) {
      const matches = (!verdict || article.verdict === verdict) && words.every((word) => article.text.includes(word));
      article.element.hidden = !matches;
      shown += matches;
    }
    for (const part of all("main section:has(article)")) part.hidden = !all("article:not([hidden])", part).length;
    for (const link of all("nav a")) link.parentElement.hidden = section(link).hidden;
    for (const item of all("nav li:has(ul)")) item.hidden = !all("li:not([hidden])", item).length;
    for (const button of buttons) button.ariaPressed = String(button.dataset.verdict === verdict);
    status.textContent = `${shown} of ${articles.length} shown`;
    none.hidden = shown > 0;
  }

  function choose(newVerdict, words) {
    verdict = buttons.some((button) => button.dataset.verdict === newVerdict) ? newVerdict : "";
    search.value = words;
    show();
    const state = String(new URLSearchParams(Object.entries({ verdict, q: words }).filter(([, value]) => value)));
    history.replaceState(null, "", `${location.pathname}${state && "?"}${state}${location.hash}`);
  }

  function follow() { // a link leads to its formula even where the filter hides it
    const linked = document.querySelector(":target");
    if (linked?.closest("[hidden]")) choose("", "");
    linked?.scrollIntoView();
  }

  for (const button of buttons) {
    button.disabled = false;
    button.addEventListener("click", () => choose(button.dataset.verdict, search.value));
  }
  search.addEventListener("input", () => choose(verdict, search.value));
  search.addEventListener("keydown", (event) => event.key === "Escape" && choose(verdict, ""));
  none.querySelector("button").addEventListener("click", () => { choose("", ""); search.focus(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  addEventListener("load", follow);
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target === search) return;
    event.preventDefault();
    search.focus();
  });

  // Without a script every box can be reached by the keyboard; with one only those that have something to scroll.
  const sized = new ResizeObserver((entries) => {
    for (const { target: box } of entries) box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1;
  });
  for (const box of all(".scroll, pre")) sized.observe(box);

  const state = new URLSearchParams(location.search);
  choose(state.get("verdict") ?? "", state.get("q") ?? "");
})();
