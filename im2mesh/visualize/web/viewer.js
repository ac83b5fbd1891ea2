// Opens meshes: a click on a picture puts trimesh's viewer of its mesh, in an iframe, in its place.
"use strict";

(() => {
  const MOST_OPEN = 8; // browsers allow about sixteen WebGL contexts; the oldest view is closed
  const opened = [];
  const text = (id) => document.getElementById(id).textContent;

  async function inflate(id) {
    const packed = await fetch(`data:application/octet-stream;base64,${text(id)}`);
    return new Response(packed.body.pipeThrough(new DecompressionStream("deflate")));
  }

  function base64(blob) {
    return new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result.split(",")[1]);
      reader.readAsDataURL(blob);
    });
  }

  async function open(button) {
    if (opened.some((view) => view.button === button)) return;
    const frame = document.createElement("iframe");
    opened.push({ button, frame });
    if (opened.length > MOST_OPEN) close(opened.shift());
    frame.title = button.firstElementChild.alt;
    const viewer = await (await inflate("viewer")).text();
    const mesh = await base64(await (await inflate(button.dataset.mesh)).blob());
    if (!opened.some((view) => view.frame === frame)) return; // closed in the meantime
    frame.srcdoc = viewer.replace("@MESH@", mesh);
    button.hidden = true;
    button.after(frame);
  }

  function close({ button, frame }) {
    frame.remove();
    button.hidden = false;
  }

  const webgl = document.createElement("canvas").getContext("webgl");
  if (!webgl) {
    document.querySelector("header").append("This browser has no WebGL: pictures do not turn.");
    return;
  }
  for (const button of document.querySelectorAll("button[data-mesh]")) {
    button.addEventListener("click", () => open(button));
  }
  [...document.querySelectorAll("button[data-opened]")].slice(0, MOST_OPEN).forEach(open);
})();
