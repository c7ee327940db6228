"use strict";
// Layers fold and unfold, boxes have cards. Graphviz lays the picture out once, with all layers open; where a layer is
// folded, its interval on either axis shrinks to that of the box that stands for it, as far as what is beside it allows.
{
const framed = parent !== window;
let asked = false; // by the notebook around a frame, how high it is
addEventListener("message", ({ data, source }) => {
  if (data !== "height" || source !== parent) return;
  asked = true;
  dispatchEvent(new Event("resize"));
});

const start = () => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const picture = one("#picture");
  const svg = one("svg", picture);
  const graph = one(".graph", svg);
  const main = picture.dataset.main; // the axis of the layers: x or y
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const [AXES, NATURAL, READABLE, MOST, APART] = [["x", "y"], 4 / 3, 0.4, 4, 9]; // pixels a point; scales; points

  // --- the picture as Graphviz wrote it: the id of a node is its key, the title of an edge says where its path begins

  const SIZE = { x: "width", y: "height" };
  const make = (name, attributes, into) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const each in attributes) element.setAttribute(each, attributes[each]);
    return into.appendChild(element);
  };
  const points = (text) => [...text.matchAll(/(-?[\d.]+)[ ,](-?[\d.]+)/g)].map(([, x, y]) => ({ x: +x, y: +y }));
  const placeOf = (element) => {
    const { x, y, width, height } = element.getBBox();
    return { x: [x, x + width], y: [y, y + height] };
  };
  const centre = ([from, to]) => (from + to) / 2;
  const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const within = ([from, to], [least, most]) => least <= from && to <= most;
  const far = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
  const whole = placeOf(one(":scope > polygon", graph));

  const frames = JSON.parse(picture.dataset.layers);
  const frameOf = new Map(frames.map((frame) => [frame.key, frame]));
  const boxes = new Map(all(".node", graph).map((element) => [element.id, { element, ...placeOf(element), wanted: { x: 0, y: 0 } }]));
  for (const frame of frames) {
    frame.outer = frameOf.get(frame.outer);
    for (const key of frame.boxes) boxes.get(key).outer = frame;
  }
  for (const element of all(".cluster", graph)) {
    const frame = frameOf.get(one("title", element).textContent);
    const [outline, ...texts] = all(":scope > :not(title)", element);
    Object.assign(frame, { element, ...placeOf(outline), texts: texts.map((text) => ({ text, ...placeOf(text) })) });
    outline.remove();
    frame.outline = element.insertBefore(make("rect", { rx: 9, class: "outline" }, element), element.firstChild);
    const [label] = frame.texts;
    label.text.removeAttribute("textLength");
    label.text.prepend("▾ ");
    const height = label.y[1] - frame.y[0] + 3;
    frame.handle = make("rect", { height, class: "handle" }, element);
    frame.stub = make("g", { class: "stub" }, element);
    const [box, name, count] = ["rect", "text", "text"].map((kind) => make(kind, {}, frame.stub));
    name.textContent = label.text.textContent.replace("▾", "▸");
    count.textContent = frame.values;
    const wide = Math.max(...[name, count].map((text) => text.getComputedTextLength())) + 18;
    frame.size = { x: wide, y: 38 };
    frame.wanted = { x: wide + 2 * APART, y: 38 }; // with room for arrowheads
    for (const [text, y] of [[name, -3], [count, 12]]) text.setAttribute("y", y);
    for (const [key, value] of Object.entries({ x: -wide / 2, y: -19, width: wide, height: 38, rx: 4 })) {
      box.setAttribute(key, value);
    }
    Object.assign(element, { id: frame.key });
    for (const [key, value] of [["tabindex", 0], ["role", "button"], ["aria-label", `${frame.name}, ${frame.values}`]]) {
      element.setAttribute(key, value);
    }
  }
  const edges = all(".edge", graph).map((element) => {
    const path = one("path", element);
    const track = points(path.getAttribute("d"));
    const keys = one("title", element).textContent.split("->").map((name) => name.split(":")[0]);
    const ends = [track[0], track.at(-1)].map((at, i) => ({ key: keys[i], at, heads: [], tip: at, length: 0 }));
    for (const head of all(":scope > :is(polygon, polyline)", element)) {
      const corners = points(head.getAttribute("points"));
      const near = (end) => Math.min(...corners.map((corner) => far(corner, end.at)));
      const end = near(ends[0]) < near(ends[1]) ? ends[0] : ends[1];
      const tip = corners.reduce((best, corner) => (far(corner, end.at) > far(best, end.at) ? corner : best));
      end.heads.push(head);
      if (far(tip, end.at) > end.length) Object.assign(end, { tip, length: far(tip, end.at) });
    }
    const texts = all(":scope > text", element);
    const label = texts.length ? texts.map(placeOf).reduce((a, b) => ({
      x: [Math.min(a.x[0], b.x[0]), Math.max(a.x[1], b.x[1])], y: [Math.min(a.y[0], b.y[0]), Math.max(a.y[1], b.y[1])],
    })) : null;
    return { element, path, track, ends, texts, label, kind: element.classList[1], keys: [...element.classList].slice(2) };
  });
  for (const title of all("title", svg)) title.remove(); // it would pop up

  // --- where everything is, as layers are folded

  const outermost = (thing) => { // the folded layer around it that is not inside of another one
    let found = null;
    for (let frame = thing.outer; frame; frame = frame.outer) if (frame.folded) found = frame;
    return found;
  };

  function mapping(axis, solid, soft) { // from the coordinate in the whole picture to that in this one
    const places = [whole, ...solid, ...soft].map((place) => place[axis]);
    const knots = [...new Set(places.flat())].sort((a, b) => a - b);
    const segments = knots.slice(1).map((to, i) => ({ from: knots[i], to, shrinks: [], factor: 1 }));
    for (const segment of segments) {
      if (solid.some((each) => within([segment.from, segment.to], each[axis]))) continue;
      segment.shrinks = soft.filter((each) => within([segment.from, segment.to], each[axis]));
    }
    for (const each of soft) {
      const length = (list) => list.reduce((sum, { from, to }) => sum + to - from, 0);
      const own = segments.filter(({ from, to }) => within([from, to], each[axis]));
      const free = own.filter((segment) => segment.shrinks.length);
      each.factor = Math.max(0, (each.wanted[axis] - length(own) + length(free)) / (length(free) || 1));
    }
    let [start, at] = [knots[0], knots[0]];
    for (const segment of segments) {
      if (segment.shrinks.length) segment.factor = Math.max(...segment.shrinks.map((each) => each.factor));
      Object.assign(segment, { start: at });
      at += (segment.to - segment.from) * segment.factor;
    }
    return (value) => {
      let [low, high] = [0, segments.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (segments[middle].from <= value) low = middle; else high = middle - 1;
      }
      const { from, to, start: mapped, factor } = segments[low];
      return value <= knots[0] ? value : value > to ? mapped + (to - from) * factor + value - to
        : mapped + (value - from) * factor;
    };
  }

  function arrange() {
    for (const thing of [...boxes.values(), ...frames]) thing.under = outermost(thing);
    const shown = [...boxes.values()].filter((box) => !box.under);
    const stubs = frames.filter((frame) => frame.folded && !frame.under);
    const hidden = [...boxes.values()].filter((box) => box.under && !within(box.x, box.under.x)); // on a way to another
    const open = frames.filter((frame) => !frame.folded && !frame.under);
    const wide = ({ x, y }) => ({ x: [x[0] - APART, x[1] + APART], y: [y[0] - APART, y[1] + APART] }); // arrowheads too
    const labels = edges.filter((edge) => edge.label && !edge.ends.some((end) => boxes.get(end.key).under));
    const solid = [...shown.map(wide), ...open.flatMap((frame) => frame.texts), ...labels.map((edge) => edge.label)];
    const to = Object.fromEntries(AXES.map((axis) => [axis, mapping(axis, solid, [...stubs, ...hidden])]));
    const moved = (place) => ({ x: place.x.map(to.x), y: place.y.map(to.y) });
    const shift = (place) => ({ x: to.x(centre(place.x)) - centre(place.x), y: to.y(centre(place.y)) - centre(place.y) });

    for (const box of boxes.values()) {
      box.element.classList.toggle("hidden", Boolean(box.under));
      const { x, y } = shift(box);
      box.element.setAttribute("transform", `translate(${x} ${y})`);
    }
    for (const frame of frames) {
      frame.element.classList.toggle("hidden", Boolean(frame.under));
      frame.element.classList.toggle("folded", frame.folded);
      frame.element.setAttribute("aria-expanded", String(!frame.folded));
      const { x, y } = (frame.now = moved(frame));
      for (const each of [frame.outline, frame.handle]) {
        for (const [key, value] of [["x", x[0]], ["y", y[0]], ["width", x[1] - x[0]]]) each.setAttribute(key, value);
      }
      frame.outline.setAttribute("height", y[1] - y[0]);
      for (const { text, ...place } of frame.texts) {
        text.setAttribute("transform", `translate(${centre(x) - centre(frame.x)} ${shift(place).y})`);
      }
    }
    for (const stub of stubs) { // on the line that its arrows are on
      const across = main === "x" ? "y" : "x";
      const ends = edges.flatMap((edge) => edge.ends.filter((end) => boxes.get(end.key).under === stub));
      const middle = { [main]: centre(stub.now[main]), [across]: mean(ends.map((end) => to[across](end.at[across]))) };
      const [from, until] = stub.now[across];
      const half = stub.size[across] / 2;
      middle[across] = Math.max(Math.min(middle[across], until - half), from + half);
      stub.stub.setAttribute("transform", `translate(${middle.x} ${middle.y})`);
      stub.box = Object.fromEntries(AXES.map((axis) => [axis, [-0.5, 0.5].map((side) => middle[axis] + side * stub.size[axis])]));
    }
    const drawn = new Set();
    const seen = [...shown.map((box) => [box.element.id, moved(box)]), ...stubs.map((stub) => [stub.key, stub.box])];
    for (const edge of edges) draw(edge, drawn, to, seen);
    const length = { x: to.x(whole.x[1]) - whole.x[0], y: to.y(whole.y[1]) - whole.y[0] };
    svg.setAttribute("viewBox", `0 0 ${length.x} ${length.y}`);
    return length;
  }

  // --- arrows, which end at the box of a folded layer where what they lead to is inside

  function draw(edge, drawn, to, seen) {
    const stubs = edge.ends.map((end) => boxes.get(end.key).under);
    const names = stubs.map((stub, i) => stub?.key ?? edge.ends[i].key);
    const name = `${edge.kind} ${names.join(" ")}`;
    const again = stubs.some(Boolean) && drawn.has(name);
    drawn.add(name);
    edge.shown = names;
    edge.element.classList.toggle("hidden", again || (stubs[0] !== null && stubs[0] === stubs[1]));
    const course = edge.track.map(({ x, y }) => ({ x: to.x(x), y: to.y(y) }));
    const led = (list) => edge.ends.reduce((found, end, i) => {
      if (!stubs[i]) return found;
      return i ? cut(found, stubs[i], end.length) : cut(found.reverse(), stubs[i], end.length).reverse();
    }, list);
    let track = course;
    if (stubs.some(Boolean)) { // straight on, unless that would cross a box
      const [start, end] = [course[0], course.at(-1)];
      const others = seen.flatMap(([key, place]) => (names.includes(key) ? [] : [place]));
      track = led([start, start, end, end]);
      if (crosses(track, others)) track = led(course);
    }
    edge.ends.forEach((end, i) => {
      const [at, before] = i ? [track.at(-1), track.at(-2)] : [track[0], track[1]];
      const angle = (from, to) => (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
      const turned = stubs[i] ? angle(before, at) - angle(end.at, end.tip) : 0;
      for (const head of end.heads) {
        head.setAttribute("transform", `translate(${at.x} ${at.y}) rotate(${turned}) translate(${-end.at.x} ${-end.at.y})`);
      }
    });
    if (edge.label) { // where it stood beside the arrow, which may go elsewhere now
      const half = (list) => list[Math.floor(list.length / 2)];
      const { x, y } = { x: centre(edge.label.x), y: centre(edge.label.y) };
      const by = track === course ? { x: to.x(x) - x, y: to.y(y) - y }
        : { x: half(track).x - half(edge.track).x, y: half(track).y - half(edge.track).y };
      for (const text of edge.texts) text.setAttribute("transform", `translate(${by.x} ${by.y})`);
    }
    const text = (point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`;
    edge.path.setAttribute("d", `M${text(track[0])}C${track.slice(1).map(text).join(" ")}`);
  }

  function crosses([a, b, c, d], places) {
    const steps = [...Array(15).keys()].map((i) => (i + 1) / 16).map((t) => {
      const by = (axis) => (1 - t) ** 3 * a[axis] + 3 * t * (1 - t) * ((1 - t) * b[axis] + t * c[axis]) + t ** 3 * d[axis];
      return { x: by("x"), y: by("y") };
    });
    return places.some(({ x, y }) => steps.some((at) => within([at.x, at.x], x) && within([at.y, at.y], y)));
  }

  function cut(track, stub, length) { // the last piece that begins outside of the layer leads to its box
    const inside = ({ x, y }) => stub.now.x[0] < x && x < stub.now.x[1] && stub.now.y[0] < y && y < stub.now.y[1];
    let last = track.length - 4;
    while (last > 0 && inside(track[last])) last -= 3;
    const [start, lead] = [track[last], track[last + 1]];
    const aim = track.at(-1);
    const side = (axis) => (start[axis] <= stub.box[axis][0] ? -1 : start[axis] >= stub.box[axis][1] ? 1 : 0);
    const across = AXES.find((axis) => axis !== main);
    const axis = side(main) || !side(across) ? main : across;
    const other = AXES.find((each) => each !== axis);
    const [from, to] = stub.box[other];
    const out = side(axis) || 1;
    const end = {
      [axis]: stub.box[axis][out < 0 ? 0 : 1] + out * length,
      [other]: Math.min(Math.max(aim[other], from + 6), to - 6),
    };
    const bend = Math.max(Math.abs(end[axis] - start[axis]) / 2, 4);
    return [...track.slice(0, last + 1), inside(lead) ? start : lead, { ...end, [axis]: end[axis] + out * bend }, end];
  }

  // --- how large it is

  let size = arrange();
  let scale = null; // as large as fits, unless one is asked for
  const fitting = () => {
    const room = [picture.clientWidth / size.x, ...(framed ? [] : [picture.clientHeight / size.y])];
    return Math.max(Math.min(NATURAL, ...room), READABLE * NATURAL);
  };
  function resize() {
    const now = scale ?? fitting();
    svg.style.width = `${size.x * now}px`;
    svg.style.height = `${size.y * now}px`;
  }
  function zoom(factor, point = null) { // what is at the point stays there
    const { left, top, width, height } = picture.getBoundingClientRect();
    const { x, y } = point ?? { x: left + width / 2, y: top + height / 2 };
    const before = svg.getBoundingClientRect();
    const old = scale ?? fitting();
    scale = factor && Math.min(Math.max(old * factor, 0.1), MOST * NATURAL);
    resize();
    const after = svg.getBoundingClientRect();
    const by = (scale ?? fitting()) / old;
    picture.scrollBy(after.left - x + (x - before.left) * by, after.top - y + (y - before.top) * by);
    hide();
  }
  function tellHeight() { // so much that cards have room
    if (!asked) return;
    const bar = size.x * fitting() > picture.clientWidth ? 18 : 0;
    const others = document.body.offsetHeight - picture.offsetHeight;
    parent.postMessage({ height: Math.ceil(Math.max(others + size.y * fitting() + bar, 260)) }, "*");
  }

  function fold(which, folded) {
    for (const frame of which) frame.folded = folded;
    hide();
    size = arrange();
    resize();
    tell();
    tellHeight();
  }
  function toggle(frame) { // the layer stays where it is on the screen
    const before = frame.element.getBoundingClientRect();
    fold([frame], !frame.folded);
    const after = frame.element.getBoundingClientRect();
    picture.scrollBy(after.left - before.left + (after.width - before.width) / 2, after.top - before.top);
  }

  // --- cards

  const cards = new Map(all(".card").map((card) => [card.dataset.of, card]));
  let [card, waiting] = [null, 0];
  const subject = (target) => target?.closest?.(".node, .cluster");
  function show(element) {
    clearTimeout(waiting);
    if (card?.dataset.of === element.id) return;
    hide();
    card = cards.get(element.id);
    card.classList.add("shown");
    const place = (one(".stub", element)?.checkVisibility() ? one(".stub", element) : one(".handle", element) ?? element)
      .getBoundingClientRect();
    const [{ offsetWidth: width, offsetHeight: height }, gap] = [card, 6];
    const below = place.bottom + gap;
    const [wide, high] = [document.documentElement.clientWidth, innerHeight];
    const above = place.top - gap - height;
    const top = below + height <= high || above < 0 ? Math.max(Math.min(below, high - height), 0) : above;
    const beside = below + height > high && above < 0; // then at its side
    const right = place.right + gap + width <= wide ? place.right + gap : place.left - gap - width;
    const left = beside ? right : place.left + place.width / 2 - width / 2;
    card.style.left = `${Math.max(Math.min(left, wide - width), 0)}px`;
    card.style.top = `${top}px`;
    element.classList.add("lit");
    for (const edge of edges) edge.element.classList.toggle("lit", edge.shown.includes(element.id));
  }
  function hide() {
    clearTimeout(waiting);
    card?.classList.remove("shown");
    card = null;
    for (const element of all(".lit", graph)) element.classList.remove("lit");
  }
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => (subject(document.activeElement) ? show(document.activeElement) : hide()), 200);
  };
  for (const [key, { element }] of boxes) {
    const name = one("h2", cards.get(key)).textContent;
    const described = { tabindex: 0, role: "img", "aria-label": name, "aria-describedby": `card-${key}` };
    for (const each in described) element.setAttribute(each, described[each]);
  }
  addEventListener("pointerover", (event) => {
    const element = subject(event.target);
    if (element && !held) show(element);
    else if (event.target.closest?.(".card")) clearTimeout(waiting);
    else if (card) later();
  });
  document.documentElement.addEventListener("pointerleave", later);
  addEventListener("focusin", ({ target }) => (subject(target)?.matches(":focus-visible") ? show(subject(target)) : 0));
  addEventListener("focusout", later);

  // --- keys, buttons, the pointer

  const folder = one("[data-do=fold]");
  const status = one("[role=status]");
  const open = () => frames.some((frame) => !frame.folded);
  function tell() {
    if (!folder) return;
    folder.textContent = open() ? "fold all" : "unfold all";
    const folded = frames.filter((frame) => frame.folded).length;
    status.textContent = `${folded} of ${frames.length} layers folded`;
  }
  const deeds = {
    fold: () => fold(frames, open()), out: () => zoom(1 / 1.25), in: () => zoom(1.25), fit: () => zoom(null),
  };
  for (const button of all("[data-do]")) button.addEventListener("click", () => deeds[button.dataset.do]());
  const keys = { "+": deeds.in, "=": deeds.in, "-": deeds.out, 0: deeds.fit, Escape: hide };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const frame = frameOf.get(event.target.id);
    const deed = frame && ["Enter", " "].includes(event.key) ? () => toggle(frame) : keys[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  });
  picture.addEventListener("click", ({ target }) => {
    const frame = frameOf.get(target.closest(".cluster")?.id);
    if (frame && (frame.folded || !target.matches(".outline")) && !dragged) toggle(frame);
  });
  picture.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), event);
  }, { passive: false });

  let [held, dragged] = [null, false];
  picture.addEventListener("pointerdown", (event) => {
    dragged = false;
    if (event.button === 0 && event.pointerType === "mouse") held = { x: event.clientX, y: event.clientY };
  });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = [held.x - event.clientX, held.y - event.clientY];
    if (!dragged && Math.hypot(x, y) < 4) return;
    dragged = true;
    picture.scrollBy(x, y);
    held = { x: event.clientX, y: event.clientY };
  });
  for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, () => (held = null));

  document.documentElement.classList.add("live", ...(framed ? ["framed"] : []));
  one("#controls").hidden = false;
  addEventListener("resize", () => {
    hide();
    resize();
    tellHeight();
  });
  resize();
  tell();
  tellHeight();
};

// Where nothing is displayed, as in a notebook behind another one, nothing has a place yet. Frames that are not seen
// run timers, but hear of no change of their size.
function attempt() {
  if (document.querySelector("#picture svg").getBoundingClientRect().width) start();
  else setTimeout(attempt, 200);
}
attempt();
}
