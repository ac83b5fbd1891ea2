// The cards of a report: pictures at first, meshes as soon as the mouse, or the keyboard, is on them.
"use strict";

(() => {
  const about = JSON.parse(viewer.data("about"));
  const element = (id) => document.getElementById(id);
  const make = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const MOST_OPEN = 60; // meshes in memory; those that were not touched for longest are closed
  const cards = [];
  const open = [];
  const common = { ...viewer.FIRST };
  let linked = false;

  // --- cards -----------------------------------------------------------------------------------

  function makeCard(described) {
    const card = { described, panes: [], view: { ...viewer.FIRST }, near: false };
    const row = make("div", { className: "row" });
    if (described.input) {
      row.append(make("div", { className: "cell" }, make("h3", { textContent: "input" }),
        make("div", { className: "view" }, make("img", { src: described.input, alt: "depth map" }))));
    }
    described.panes.forEach((pane, k) => {
      const box = make("div", { className: "view" });
      const name = about.runs[k];
      if (pane.picture) box.append(make("img", { src: pane.picture, alt: `mesh by ${name}` }));
      else box.append(make("span", { className: "faint", textContent: pane.note }));
      row.append(make("div", { className: "cell" }, make("h3", { textContent: name }), box,
        make("div", { className: "faint", textContent: pane.text })));
      card.panes.push({ ...pane, box, canvas: null, drawn: null });
    });
    card.redraw = viewer.soon(() => {
      if (!card.near) return; // the observer draws it when it comes near
      for (const pane of card.panes) {
        if (pane.drawn) viewer.draw(pane.canvas, [pane.drawn], viewOf(card), about.frame, 1);
      }
    });
    const numbers = make("details", {}, make("summary", { textContent: "all numbers" }));
    numbers.addEventListener("toggle", () => {
      if (numbers.children.length === 1) numbers.append(table(card));
    });
    card.element = make("section", { className: "card" },
      make("h2", { textContent: described.name }), row, numbers);
    const start = () => openCard(card);
    row.addEventListener("pointerenter", start);
    row.addEventListener("pointerdown", start);
    row.addEventListener("focusin", start);
    for (const pane of card.panes) if (pane.picture) pane.box.tabIndex = 0;
    return card;
  }

  function table(card) {
    const names = about.numbers.filter((name) => card.panes.some((pane) => name in pane.numbers));
    const head = make("tr", {}, make("th", {}), ...about.runs.map((run) => make("th", { textContent: run })));
    const rows = names.map((name) => make("tr", {}, make("td", { textContent: name }),
      ...card.panes.map((pane) => make("td", { textContent: pane.numbers[name] ?? "–" }))));
    return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
  }

  const viewOf = (card) => (linked ? common : card.view);
  // Shared by all panes of a card, or of all cards: the mouse turns whichever it is.
  const viewProxy = (card) => new Proxy({}, {
    get: (_, key) => viewOf(card)[key],
    set: (_, key, value) => { viewOf(card)[key] = value; return true; },
  });

  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const card = cards.find((other) => other.element === entry.target);
      card.near = entry.isIntersecting;
      if (card.near) card.redraw();
    }
  }, { rootMargin: "200px" });

  async function openCard(card) {
    if (!viewer.webgl()) return;
    const at = open.indexOf(card);
    if (at >= 0) open.splice(at, 1);
    open.push(card);
    await Promise.all(card.panes.map((pane) => openPane(card, pane)));
    card.redraw();
    while (open.reduce((sum, other) => sum + other.panes.length, 0) > MOST_OPEN && open.length > 1) {
      closeCard(open.shift());
    }
  }

  async function openPane(card, pane) {
    if (!pane.mesh || pane.drawn || pane.opening) return;
    pane.opening = true;
    const drawn = await viewer.load(pane.mesh, viewer.data(pane.place), about.tint);
    pane.opening = false;
    pane.canvas = make("canvas", { title: "drag to turn, Shift + drag to move, wheel to zoom (after a click)" });
    pane.canvas.setAttribute("aria-label", pane.box.firstChild.alt);
    viewer.orbit(pane.canvas, viewProxy(card), about.frame, () => changed(card), true);
    pane.drawn = drawn;
    pane.box.tabIndex = -1;
    pane.box.replaceChildren(pane.canvas);
  }

  function closeCard(card) {
    for (const pane of card.panes) {
      if (!pane.drawn) continue;
      pane.drawn.dispose();
      pane.drawn = null;
      pane.box.tabIndex = 0;
      pane.box.replaceChildren(make("img", { src: pane.picture, alt: pane.canvas.ariaLabel }));
    }
  }

  function changed(card) {
    if (linked) open.forEach((other) => other.redraw());
    else card.redraw();
  }

  // --- sorting and filtering -------------------------------------------------------------------

  let descending = true;

  function arrange() {
    const [wanted, part, score] = [element("class").value, element("name").value.toLowerCase(), element("sort").value];
    const run = Number(element("run").value);
    const value = (card) => card.panes[run]?.numbers[score];
    const order = [...cards];
    if (score) {
      const sign = descending ? -1 : 1;
      order.sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
        return sign * (x - y);
      });
    } else if (!descending) {
      order.reverse();
    }
    let shown = 0;
    for (const card of order) {
      const fits = (!wanted || card.described.class === wanted)
        && card.described.name.toLowerCase().includes(part);
      card.element.hidden = !fits;
      shown += fits;
    }
    element("cards").append(...order.map((card) => card.element));
    element("count").textContent = `${shown} of ${cards.length} shown`;
    element("order").textContent = score
      ? (descending ? "largest first" : "smallest first")
      : (descending ? "A to Z" : "Z to A");
  }

  const option = (value, text) => make("option", { value, textContent: text });
  const classes = [...new Set(about.cards.map((card) => card.class))].sort();
  element("class").append(option("", "all"), ...classes.map((name) => option(name, name)));
  element("sort").append(option("", "name"), ...about.numbers.map((name) => option(name, name)));
  about.runs.forEach((name, k) => {
    if (about.cards.some((card) => Object.keys(card.panes[k].numbers).length)) {
      element("run").append(option(k, name));
    }
  });
  for (const id of ["class", "sort", "run"]) element(id).addEventListener("change", arrange);
  element("name").addEventListener("input", arrange);
  element("order").addEventListener("click", () => { descending = !descending; arrange(); });
  element("link").addEventListener("change", (event) => {
    linked = event.target.checked;
    open.forEach((card) => card.redraw());
  });
  window.addEventListener("resize", () => open.forEach((card) => card.redraw()));
  // As many cards side by side as fit; a card holds its pictures in one row, where there is room.
  element("cards").style.setProperty("--card", `${250 * (about.runs.length + 1) + 30}px`);
  cards.push(...about.cards.map(makeCard));
  cards.forEach((card) => observer.observe(card.element));
  arrange();
})();
