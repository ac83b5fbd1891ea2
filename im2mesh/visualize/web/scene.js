// One scene: named layers that can be switched on and off, side by side or in one picture.
"use strict";

(() => {
  const about = JSON.parse(viewer.data("about"));
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const panes = document.getElementById("panes");
  const controls = document.getElementById("layers");
  const view = { ...viewer.FIRST, azimuth: 0, elevation: 0 };
  const first = { ...view };
  const layers = [];
  let together = false;

  const redraw = viewer.soon(() => {
    const ready = layers.filter((layer) => layer.shown && layer.drawn);
    if (together) {
      ready.forEach((layer) => layer.drawn.tint(layer.about.tint));
      viewer.draw(whole.canvas, ready.map((layer) => layer.drawn), view, about.frame, about.shading);
      return;
    }
    for (const layer of ready) {
      layer.drawn.tint(about.tint);
      viewer.draw(layer.canvas, [layer.drawn], view, about.frame, about.shading);
    }
  });

  function pane(title) {
    const canvas = make("canvas", { title: "drag to turn, Shift + drag to move, wheel to zoom" });
    canvas.setAttribute("aria-label", title);
    const box = make("section", { className: "pane" }, make("h3", { textContent: title }), canvas);
    panes.append(box);
    viewer.orbit(canvas, view, about.frame, redraw, false);
    canvas.addEventListener("dblclick", () => { Object.assign(view, first); redraw(); });
    return { canvas, box };
  }

  function arrange() {
    panes.classList.toggle("one", together);
    whole.box.hidden = !together;
    for (const layer of layers) {
      layer.box.hidden = together || !layer.shown;
      if (layer.picture) layer.picture.hidden = !layer.shown;
      layer.swatch.style.background = together ? layer.about.tint : about.tint;
    }
    redraw();
  }

  for (const [number, described] of about.layers.entries()) {
    const layer = { about: described, shown: true, drawn: null };
    if (described.picture) {
      layer.picture = make("section", { className: "pane" },
        make("h3", { textContent: `${described.name}: depth map` }),
        make("img", { src: described.picture, alt: `depth map ${described.name} with its colour bar` }));
      panes.append(layer.picture);
    }
    Object.assign(layer, pane(described.name));
    const box = make("input", { type: "checkbox", checked: true, name: described.name });
    box.addEventListener("change", () => { layer.shown = box.checked; arrange(); });
    layer.swatch = make("span", { className: "swatch", hidden: described.coloured });
    controls.append(make("label", {}, box, " ", layer.swatch, described.name, " ",
      make("span", { className: "faint", textContent: described.size })));
    layers.push(layer);
    if (viewer.webgl()) {
      viewer.load(described, viewer.data(`layer-${number}`), about.tint)
        .then((drawn) => { layer.drawn = drawn; redraw(); });
    }
  }
  const whole = pane("all layers");
  whole.box.classList.add("whole");

  if (!viewer.webgl()) {
    panes.prepend(make("p", { textContent: "This browser has no WebGL, so only pictures are shown." }));
  }
  document.getElementById("together").addEventListener("change", (event) => {
    together = event.target.checked;
    arrange();
  });
  document.getElementById("views").addEventListener("click", (event) => {
    const { azimuth, elevation } = event.target.dataset;
    if (azimuth === undefined) return;
    Object.assign(view, first, { azimuth: +azimuth, elevation: +elevation });
    redraw();
  });
  window.addEventListener("resize", redraw);
  arrange();
})();
