// AA.Scatter: points in two or three dimensions on a canvas, with lasso, box, zoom and hover.
const { h } = AA;
const { useEffect, useMemo, useRef, useState } = window.React;

const PICK_PX = 9;
const CLICK_PX = 4;
const DIM = 0.15;
const extent = (values) => {
  let low = Infinity, high = -Infinity;
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low <= high ? [low, high] : [0, 1];
};

// Centred coordinates within -1 … 1, of equal scale in every direction.
AA.normalised = (axes) => {
  const ranges = axes.map(extent);
  const half = Math.max(...ranges.map(([a, b]) => (b - a) / 2)) || 1;
  return axes.map((axis, d) => {
    const middle = (ranges[d][0] + ranges[d][1]) / 2;
    return Float32Array.from(axis, (v) => (v - middle) / half);
  });
};

const inside = (polygon, x, y) => {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i], [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
};

const project = (axes, camera, width, height, out) => {
  const scale = (Math.min(width, height) / 2 - 14) * camera.zoom;
  const cx = width / 2 + camera.x, cy = height / 2 + camera.y;
  const [xs, ys, zs] = axes;
  const { px, py, depth } = out;
  if (!zs) {
    for (let i = 0; i < xs.length; i++) {
      px[i] = cx + xs[i] * scale;
      py[i] = cy - ys[i] * scale;
    }
    return;
  }
  const ca = Math.cos(camera.yaw), sa = Math.sin(camera.yaw);
  const cb = Math.cos(camera.pitch), sb = Math.sin(camera.pitch);
  for (let i = 0; i < xs.length; i++) {
    const x = ca * xs[i] + sa * zs[i], deep = -sa * xs[i] + ca * zs[i];
    const y = cb * ys[i] - sb * deep, z = sb * ys[i] + cb * deep;
    const near = 3.2 / (3.2 - z);
    px[i] = cx + x * scale * near * 0.62;
    py[i] = cy - y * scale * near * 0.62;
    depth[i] = z;
  }
};

// The cube around a map in three dimensions, so that the eye sees how it is turned.
const CORNERS = [0, 1, 2].map((d) => Float32Array.from({ length: 8 }, (_, i) => (i >> d) & 1 ? 1 : -1));
const EDGES = [0, 1, 2].flatMap((d) => [...Array(8).keys()].filter((i) => !((i >> d) & 1)).map((i) => [i, i | (1 << d)]));
const cube = (pen, camera, width, height) => {
  const corner = { px: new Float32Array(8), py: new Float32Array(8), depth: new Float32Array(8) };
  project(CORNERS, camera, width, height, corner);
  pen.globalAlpha = 0.18;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const [a, b] of EDGES) {
    pen.moveTo(corner.px[a], corner.py[a]);
    pen.lineTo(corner.px[b], corner.py[b]);
  }
  pen.stroke();
  pen.globalAlpha = 1;
};

const HOME = { zoom: 1, x: 0, y: 0, yaw: 0.6, pitch: 0.35 };

// axes: 2 or 3 normalised Float32Array; colors: index per point into palette; bright: Uint8Array of
// points that stand out, or null for all; ring: index of one point, or -1; tool: lasso, box or move.
// onSelect(Uint8Array | null), onHover(index, x, y), onPick(index).
AA.Scatter = ({ axes, colors, palette, bright, ring = -1, marked, tool, onSelect, onHover, onPick, name }) => {
  const canvas = useRef(null), camera = useRef({ ...HOME }), drag = useRef(null), frame = useRef(0);
  const [size, setSize] = useState([0, 0]);
  const count = axes[0].length;
  const out = useMemo(
    () => ({ px: new Float32Array(count), py: new Float32Array(count), depth: new Float32Array(count) }),
    [count]
  );
  const order = useMemo(() => {
    const list = Uint32Array.from({ length: count }, (_, i) => i);
    return axes.length === 2 ? list.sort((a, b) => colors[a] - colors[b]) : list;
  }, [count, colors, axes]);
  const radius = count > 20000 ? 1.6 : count > 3000 ? 2.4 : count > 500 ? 3.4 : 5;

  // What stays while a lasso is drawn or points are chosen is kept as a picture, and only laid down.
  const kept = useRef({});
  const picture = (name, stamp, paint) => {
    const [width, height] = size, ratio = window.devicePixelRatio || 1;
    const old = kept.current[name];
    if (old && old.stamp.length === stamp.length && old.stamp.every((v, i) => Object.is(v, stamp[i]))) return old.canvas;
    const sheet = old ? old.canvas : document.createElement("canvas");
    sheet.width = Math.round(width * ratio);
    sheet.height = Math.round(height * ratio);
    const pen = sheet.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(pen);
    kept.current[name] = { stamp, canvas: sheet };
    return sheet;
  };
  const dots = (pen, among) =>
    AA.splat(pen, size, { out, order, among, colors, palette, radius, deep: axes.length === 3 });
  const lay = (pen, sheet, alpha) => {
    pen.globalAlpha = alpha;
    pen.drawImage(sheet, 0, 0, ...size);
    pen.globalAlpha = 1;
  };

  const draw = () => {
    frame.current = 0;
    const element = canvas.current;
    if (!element || !size[0]) return;
    const [width, height] = size, ratio = window.devicePixelRatio || 1;
    const pen = element.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const stamp = [axes, colors, palette, width, height, ratio, ...Object.values(camera.current)];
    const all = picture("all", stamp, (sheet) => {
      project(axes, camera.current, width, height, out);
      if (axes.length === 3) {
        order.sort((a, b) => out.depth[a] - out.depth[b]);
        sheet.strokeStyle = getComputedStyle(element).color;
        cube(sheet, camera.current, width, height);
      }
      dots(sheet, null);
    });
    if (!bright) lay(pen, all, 1);
    else
      lay(pen, picture("scene", [...stamp, bright], (sheet) => {
        lay(sheet, all, DIM);
        dots(sheet, bright);
      }), 1);
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.strokeStyle = getComputedStyle(element).color;
    for (const i of [...(marked || []), ring]) {
      if (i < 0) continue;
      pen.beginPath();
      pen.arc(out.px[i], out.py[i], radius + 4, 0, 7);
      pen.stroke();
    }
    const path = drag.current && drag.current.path;
    if (path && path.length > 1) {
      pen.lineWidth = 1.5;
      pen.strokeStyle = "#ff6d04";
      pen.fillStyle = "rgba(255,109,4,.12)";
      pen.beginPath();
      path.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.closePath();
      pen.fill();
      pen.stroke();
    }
  };
  const latest = useRef(draw);
  latest.current = draw;
  const later = () => {
    if (!frame.current) frame.current = requestAnimationFrame(() => latest.current());
  };
  useEffect(() => { later(); });
  useEffect(() => () => { cancelAnimationFrame(frame.current); frame.current = 0; }, []);
  useEffect(() => { camera.current = { ...HOME }; later(); }, [axes]);
  useEffect(() => {
    const element = canvas.current, parent = element.parentElement;
    const fit = () => {
      const { width, height } = parent.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
      element.width = Math.round(width * ratio);
      element.height = Math.round(height * ratio);
      setSize((old) => (old[0] === width && old[1] === height ? old : [width, height]));
      later();
    };
    const watcher = new ResizeObserver(fit);
    watcher.observe(parent);
    fit();
    const wheel = (event) => {
      event.preventDefault();
      const box = element.getBoundingClientRect(), c = camera.current;
      const factor = Math.exp(-event.deltaY / 400), zoom = Math.min(80, Math.max(0.5, c.zoom * factor));
      const dx = event.clientX - box.left - box.width / 2, dy = event.clientY - box.top - box.height / 2;
      c.x = dx - ((dx - c.x) * zoom) / c.zoom;
      c.y = dy - ((dy - c.y) * zoom) / c.zoom;
      c.zoom = zoom;
      later();
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => { watcher.disconnect(); element.removeEventListener("wheel", wheel); };
  }, []);

  const at = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const nearest = ([x, y]) => {
    let best = -1, least = PICK_PX * PICK_PX;
    for (let i = 0; i < count; i++) {
      if (bright && !bright[i]) continue;
      const dx = out.px[i] - x, dy = out.py[i] - y, d = dx * dx + dy * dy;
      if (d < least) { least = d; best = i; }
    }
    return best;
  };
  const down = (event) => {
    if (event.button > 1) return;
    canvas.current.setPointerCapture(event.pointerId);
    const start = at(event);
    const how = event.shiftKey || event.button === 1 ? "move" : tool;
    drag.current = { start, last: start, how, path: how === "move" ? null : [start], far: false };
  };
  const move = (event) => {
    const here = at(event), d = drag.current;
    if (!d) { if (onHover) onHover(nearest(here), event.clientX, event.clientY); return; }
    if (Math.hypot(here[0] - d.start[0], here[1] - d.start[1]) > CLICK_PX) d.far = true;
    if (d.how === "move") {
      const c = camera.current, dx = here[0] - d.last[0], dy = here[1] - d.last[1];
      if (axes.length === 3 && !event.shiftKey) { c.yaw += dx / 150; c.pitch += dy / 150; }
      else { c.x += dx; c.y += dy; }
    } else if (d.how === "box") {
      const [a, b] = d.start, [x, y] = here;
      d.path = [[a, b], [x, b], [x, y], [a, y]];
    } else d.path.push(here);
    d.last = here;
    later();
  };
  const up = (event) => {
    const d = drag.current;
    drag.current = null;
    if (!d) return;
    if (!d.far) {
      const picked = nearest(at(event));
      if (picked >= 0) { if (onPick) onPick(picked); }
      else if (bright && onSelect) onSelect(null);
    } else if (d.path && d.path.length > 2) {
      const chosen = new Uint8Array(count);
      let any = 0;
      for (let i = 0; i < count; i++) any |= chosen[i] = inside(d.path, out.px[i], out.py[i]) ? 1 : 0;
      onSelect(any ? chosen : null);
    }
    later();
  };
  const reset = () => { camera.current = { ...HOME }; later(); };
  return h("canvas", {
    ref: canvas, "data-cy": `aa-scatter-${name || "map"}`, "data-points": count, role: "img", tabIndex: 0,
    "aria-label": `Map of ${count} windows`,
    onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: () => { drag.current = null; },
    onPointerLeave: () => onHover && onHover(-1, 0, 0), onDoubleClick: reset,
    onKeyDown: (event) => { if (event.key === "Escape" && onSelect) onSelect(null); },
    style: {
      width: "100%", height: "100%", display: "block", touchAction: "none", outlineOffset: -2,
      color: AA.color("text-primary"), cursor: tool === "move" ? "grab" : "crosshair",
    },
  });
};
