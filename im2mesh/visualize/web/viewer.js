// What all pages share: reads packed meshes (im2mesh/visualize/packing.py) and draws them with
// three.js. One WebGL context draws everything; each picture is then copied to its own canvas, so a
// page may hold hundreds of them (browsers allow about sixteen contexts).
"use strict";

const viewer = (() => {
  const BACK = 0xe4b89c;
  const FIRST = { azimuth: 35, elevation: 12, zoom: 1, x: 0, y: 0 };
  const CREASE = Math.cos((40 * Math.PI) / 180);
  const DEGREES = Math.PI / 180;

  // --- reading ---------------------------------------------------------------------------------

  async function inflate(base64) {
    const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // Differences that were folded to be positive, back to values.
  function sums(bytes, start, count, width) {
    const values = new Uint32Array(count);
    const mask = 256 ** width - 1;
    let value = 0;
    for (let k = 0; k < count; k++) {
      let folded = 0;
      for (let b = 0; b < width; b++) folded |= bytes[start + b * count + k] << (8 * b);
      value = (value + ((folded >>> 1) ^ -(folded & 1))) & mask;
      values[k] = value;
    }
    return values;
  }

  async function unpack(about, base64) {
    const bytes = await inflate(base64);
    const count = about.vertices;
    let at = 0;
    const positions = new Float32Array(3 * count);
    for (let axis = 0; axis < 3; axis++, at += about.width * count) {
      const places = sums(bytes, at, count, about.width);
      for (let k = 0; k < count; k++) {
        positions[3 * k + axis] = places[k] * about.step[axis] + about.low[axis];
      }
    }
    let colours = null;
    if (about.coloured) {
      colours = new Float32Array(3 * count);
      for (let c = 0; c < 3; c++, at += count) {
        const values = sums(bytes, at, count, 1);
        for (let k = 0; k < count; k++) colours[3 * k + c] = values[k] / 255;
      }
    }
    const size = 3 * about.faces;
    const faces = new Uint32Array(size);
    for (let k = 0, water = 0; k < size; k++) {
      const below = bytes[at + k] | (bytes[at + size + k] << 8)
        | (bytes[at + 2 * size + k] << 16) | (bytes[at + 3 * size + k] << 24);
      faces[k] = water - below;
      if (below === 0) water++;
    }
    return { positions, colours, faces };
  }

  // --- geometry --------------------------------------------------------------------------------

  // Every corner its own vertex: smooth normals (weighted by angle), but a face's own normal where
  // that is turned further than the crease angle; as im2mesh/visualize/mesh.py does.
  function meshGeometry({ positions, colours, faces }) {
    const corners = faces.length;
    const flat = new Float32Array(corners);
    const sums = new Float32Array(positions.length);
    const points = new Float32Array(3 * corners);
    const a = new THREE.Vector3(), b = new THREE.Vector3(), c = new THREE.Vector3();
    const normal = new THREE.Vector3(), u = new THREE.Vector3(), v = new THREE.Vector3();
    for (let f = 0; f < corners; f += 3) {
      const abc = [a, b, c];
      abc.forEach((p, k) => p.fromArray(positions, 3 * faces[f + k]));
      normal.crossVectors(u.subVectors(b, a), v.subVectors(c, a)).normalize();
      normal.toArray(flat, f);
      for (let k = 0; k < 3; k++) {
        const angle = u.subVectors(abc[(k + 1) % 3], abc[k])
          .angleTo(v.subVectors(abc[(k + 2) % 3], abc[k])) || 0;
        for (let d = 0; d < 3; d++) sums[3 * faces[f + k] + d] += angle * flat[f + d];
        abc[k].toArray(points, 3 * (f + k));
      }
    }
    const normals = new Float32Array(3 * corners);
    for (let k = 0; k < corners; k++) {
      const f = k - (k % 3);
      u.fromArray(sums, 3 * faces[k]).normalize();
      normal.fromArray(flat, f);
      (u.dot(normal) < CREASE ? normal : u).toArray(normals, 3 * k);
    }
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.BufferAttribute(points, 3));
    geometry.setAttribute("normal", new THREE.BufferAttribute(normals, 3));
    if (colours) {
      const own = new Float32Array(3 * corners);
      for (let k = 0; k < corners; k++) {
        for (let d = 0; d < 3; d++) own[3 * k + d] = colours[3 * faces[k] + d];
      }
      geometry.setAttribute("color", new THREE.BufferAttribute(own, 3));
    }
    return geometry;
  }

  function surface(geometry, colour, side) {
    const coloured = geometry.hasAttribute("color");
    const material = new THREE.MeshPhongMaterial({
      color: coloured ? 0xffffff : colour, vertexColors: coloured, specular: 0, shininess: 1, side,
    });
    return new THREE.Mesh(geometry, material);
  }

  // An object that can be drawn: { object, tint(colour), dispose() }.
  async function load(about, base64, colour) {
    const data = await unpack(about, base64);
    const object = new THREE.Group();
    let geometry;
    let front = null;
    if (about.faces) {
      geometry = meshGeometry(data);
      front = surface(geometry, colour, THREE.FrontSide);
      const back = surface(geometry, BACK, THREE.BackSide);
      object.add(front, back);
    } else {
      geometry = new THREE.BufferGeometry();
      geometry.setAttribute("position", new THREE.BufferAttribute(data.positions, 3));
      geometry.setAttribute("color", new THREE.BufferAttribute(data.colours, 3));
      const material = new THREE.PointsMaterial({ size: 3, vertexColors: true });
      material.sizeAttenuation = false;
      object.add(new THREE.Points(geometry, material));
    }
    return {
      object,
      tint(other) {
        if (front && !about.coloured) front.material.color.set(other);
      },
      dispose() {
        geometry.dispose();
        object.children.forEach((child) => child.material.dispose());
      },
    };
  }

  // --- drawing ---------------------------------------------------------------------------------

  let renderer = null;
  const stage = () => {
    const scene = new THREE.Scene();
    const turned = new THREE.Group();
    const ambient = new THREE.AmbientLight(0xffffff, 1);
    const head = new THREE.DirectionalLight(0xffffff, 1);
    const key = new THREE.DirectionalLight(0xffffff, 1);
    head.position.set(0, 0, 1);
    key.position.set(-0.45, 0.65, 0.6);
    scene.background = new THREE.Color(0xffffff);
    scene.add(turned, ambient, head, key);
    const camera = new THREE.OrthographicCamera(-1, 1, 1, -1, 0, 200);
    camera.position.z = 100;
    return { scene, turned, camera, ambient, head, key };
  };
  let theStage = null;

  function webgl() {
    if (renderer === null) {
      try {
        renderer = new THREE.WebGLRenderer({ antialias: true });
        theStage = stage();
      } catch (error) {
        renderer = false;
      }
    }
    return renderer !== false;
  }

  // Draw objects into a canvas. `frame` is the width of the picture in cube units at zoom 1.
  function draw(canvas, objects, view, frame, shading) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const { scene, turned, camera, ambient, head, key } = theStage;
    ambient.intensity = 1 - shading + 0.26 * shading;
    head.intensity = 0.38 * shading;
    key.intensity = 0.52 * shading;
    turned.rotation.set(view.elevation * DEGREES, view.azimuth * DEGREES, 0, "XYZ");
    turned.clear();
    objects.forEach(({ object }) => {
      turned.add(object);
      object.traverse((part) => {
        if (part.isPoints) part.material.size = Math.max(1.5, (1.7 / 256) * width * view.zoom / frame);
      });
    });
    const half = frame / view.zoom / 2;
    const tall = (half * height) / width;
    const far = 2 * Math.max(1, frame);
    Object.assign(camera, {
      left: view.x - half, right: view.x + half, top: view.y + tall, bottom: view.y - tall,
      near: 100 - far, far: 100 + far,
    });
    camera.updateProjectionMatrix();
    const size = renderer.getSize(new THREE.Vector2());
    if (size.x !== width || size.y !== height) renderer.setSize(width, height, false);
    renderer.render(scene, camera);
    canvas.getContext("2d").drawImage(renderer.domElement, 0, 0);
    turned.clear();
  }

  // --- the mouse -------------------------------------------------------------------------------

  // Let a canvas turn a view: drag to turn, with Shift or the right button to move, wheel to zoom,
  // arrow keys, double click to start over. `changed` is called after each change.
  function orbit(canvas, view, frame, changed, wheelNeedsFocus) {
    let last = null;
    canvas.tabIndex = 0;
    canvas.addEventListener("pointerdown", (event) => {
      last = [event.clientX, event.clientY];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (last === null) return;
      const [dx, dy] = [event.clientX - last[0], event.clientY - last[1]];
      last = [event.clientX, event.clientY];
      if (event.shiftKey || event.buttons & 2) {
        const unit = frame / view.zoom / canvas.clientWidth;
        view.x -= dx * unit;
        view.y += dy * unit;
      } else {
        turn(0.5 * dx, 0.5 * dy);
      }
      changed();
    });
    const stop = () => { last = null; };
    canvas.addEventListener("pointerup", stop);
    canvas.addEventListener("pointercancel", stop);
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => {
      if (wheelNeedsFocus && document.activeElement !== canvas) return;
      event.preventDefault();
      view.zoom = Math.min(50, Math.max(0.2, view.zoom * Math.exp(-event.deltaY / 600)));
      changed();
    }, { passive: false });
    canvas.addEventListener("dblclick", () => { Object.assign(view, FIRST); changed(); });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-5, 0], ArrowRight: [5, 0], ArrowUp: [0, -5], ArrowDown: [0, 5] };
      if (!(event.key in step)) return;
      event.preventDefault();
      turn(...step[event.key]);
      changed();
    });
    function turn(azimuth, elevation) {
      view.azimuth = (view.azimuth + azimuth) % 360;
      view.elevation = Math.min(90, Math.max(-90, view.elevation + elevation));
    }
  }

  // Call `work` once before the next picture, however often this is called.
  function soon(work) {
    let waiting = false;
    return () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; work(); });
    };
  }

  const data = (id) => document.getElementById(id).textContent;

  return { FIRST, load, draw, orbit, soon, webgl, data };
})();
