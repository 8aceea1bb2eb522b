// AA.splat: many dots into a canvas. Pixels are blended here and not by drawImage or arc, which take
// 50 µs a dot where the browser draws without a GPU; this takes 1 µs. Canvas 2D and not WebGL, so
// that it draws everywhere.
const ALPHA = 0.85;

// Colours as [r, g, b], whatever way CSS writes them.
const probe = document.createElement("canvas").getContext("2d");
const parsed = new Map();
const rgb = (color) => {
  if (!parsed.has(color)) {
    probe.fillStyle = "#888888";
    probe.fillStyle = color;
    const hex = /^#[0-9a-f]{6}$/.test(probe.fillStyle) ? probe.fillStyle : "#888888";
    parsed.set(color, [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  }
  return parsed.get(color);
};

// How much of each pixel a dot covers: [side, coverage of side × side pixels].
const masks = new Map();
const mask = (radius) => {
  if (!masks.has(radius)) {
    const reach = Math.ceil(radius), side = 2 * reach + 1;
    const cover = new Float32Array(side * side);
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        cover[y * side + x] = Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(x - reach, y - reach)));
    masks.set(radius, [side, cover]);
  }
  return masks.get(radius);
};

const blend = (pixels, at, [r, g, b], alpha) => {
  const below = (pixels[at + 3] / 255) * (1 - alpha), sum = alpha + below;
  pixels[at] = (r * alpha + pixels[at] * below) / sum;
  pixels[at + 1] = (g * alpha + pixels[at + 1] * below) / sum;
  pixels[at + 2] = (b * alpha + pixels[at + 2] * below) / sum;
  pixels[at + 3] = 255 * sum;
};

// pen: of a canvas whose unit is a CSS pixel; size: [width, height] of it in CSS pixels.
// out: px, py, depth per point, in CSS pixels; order: in which they are drawn; among: Uint8Array of
// those that are, or null for all; colors: index per point into palette; deep: depth sizes and fades.
AA.splat = (pen, [width, height], { out, order, among, colors, palette, radius, deep }) => {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.round(width * ratio), h = Math.round(height * ratio);
  if (!w || !h) return;
  const image = new ImageData(w, h), pixels = image.data;
  const paint = palette.map(rgb), unknown = rgb("#888888");
  for (const i of order) {
    if (among && !among[i]) continue;
    const near = deep ? Math.max(0.5, Math.round((1 + 0.45 * out.depth[i]) * 4) / 4) : 1;
    const [side, cover] = mask(radius * near * ratio);
    const reach = (side - 1) / 2;
    const left = Math.round(out.px[i] * ratio) - reach, top = Math.round(out.py[i] * ratio) - reach;
    const alpha = ALPHA * (deep ? Math.min(1, 0.7 + 0.3 * out.depth[i]) : 1);
    const color = paint[colors[i]] || unknown;
    for (let y = Math.max(0, -top); y < Math.min(side, h - top); y++)
      for (let x = Math.max(0, -left); x < Math.min(side, w - left); x++) {
        const share = cover[y * side + x];
        if (share) blend(pixels, 4 * ((top + y) * w + left + x), color, alpha * share);
      }
  }
  const sheet = document.createElement("canvas");
  sheet.width = w;
  sheet.height = h;
  sheet.getContext("2d").putImageData(image, 0, 0);
  pen.drawImage(sheet, 0, 0, width, height);
};
