// The map's picture: land, graticule, places, and where on it a degree lies. No tiles, no network.
const rad = Math.PI / 180;
const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const KM_PER_DEGREE = 111.32;

// A camera is {lon, lat, scale}: the centre in degrees and pixels per degree of latitude.
const squeeze = (camera, height) => {
  // close up, a kilometre east is as long as one north; far out, the whole world is one map
  const visible = height / camera.scale;
  const weight = Math.min(1, Math.max(0, (140 - visible) / 90));
  return Math.max(0.2, Math.cos(camera.lat * weight * rad));
};

const projection = (camera, width, height) => {
  const across = camera.scale * squeeze(camera, height);
  return {
    across,
    toPixel: (lon, lat) => [
      width / 2 + (lon - camera.lon) * across,
      height / 2 - (lat - camera.lat) * camera.scale,
    ],
    toDegree: (x, y) => [
      camera.lon + (x - width / 2) / across,
      camera.lat - (y - height / 2) / camera.scale,
    ],
  };
};

// The copies of the world that can be seen: 0 is the one from -180 to 180 (and a little beyond,
// because land that crosses the 180th meridian is drawn whole).
const copies = (camera, width, across) => {
  const half = width / 2 / across + 15;
  const found = [];
  for (let turn = -2; turn <= 2; turn++)
    if (camera.lon - half < 180 + 360 * turn && camera.lon + half > -180 + 360 * turn)
      found.push(360 * turn);
  return found;
};

const radius = (count) => (count === 1 ? 4.5 : Math.min(26, 6 + 2.3 * Math.log2(count)));

const short = (number) =>
  number < 1000 ? `${number}` : `${(number / 1000).toFixed(number < 9950 ? 1 : 0)}k`;

const drawLand = (context, rings, view, turns, colors) => {
  context.fillStyle = colors.land;
  context.strokeStyle = colors.coast;
  context.lineWidth = 1;
  for (const turn of turns) {
    const fill = new Path2D();
    const line = new Path2D();
    for (const ring of rings) {
      for (let i = 0; i < ring.length; i += 2) {
        const [x, y] = view.toPixel(ring[i] / 100 + turn, ring[i + 1] / 100);
        const cut = ring[i + 1] === -9000 || ring[i - 1] === -9000; // the pole is no coast
        if (i) fill.lineTo(x, y);
        else fill.moveTo(x, y);
        if (i && !cut) line.lineTo(x, y);
        else line.moveTo(x, y);
      }
    }
    context.fill(fill, "evenodd");
    context.stroke(line);
  }
};

const degrees = (value, step, [positive, negative]) => {
  const turned = positive === "E" ? ((((value + 180) % 360) + 360) % 360) - 180 : value;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const text = Math.abs(turned).toFixed(digits);
  return `${text}°${Number(text) === 0 || Number(text) === 180 ? "" : turned > 0 ? positive : negative}`;
};

const drawGraticule = (context, camera, view, width, height, colors) => {
  const fitting = (pixels) => STEPS.find((s) => s * pixels >= 90) || 30;
  context.strokeStyle = colors.grid;
  context.fillStyle = colors.text;
  context.font = "11px sans-serif";
  context.lineWidth = 1;
  const [west, north] = view.toDegree(0, 0);
  const [east, south] = view.toDegree(width, height);
  const across = fitting(view.across);
  context.textAlign = "center";
  for (let n = Math.ceil(west / across); n * across <= east; n++) {
    const [x] = view.toPixel(n * across, 0);
    line(context, x, 0, x, height);
    context.fillText(degrees(n * across, across, ["E", "W"]), x, height - 5);
  }
  const up = fitting(camera.scale);
  context.textAlign = "left";
  for (let n = Math.ceil(Math.max(-90, south) / up); n * up <= Math.min(90, north); n++) {
    const [, y] = view.toPixel(0, n * up);
    line(context, 0, y, width, y);
    if (y < height - 20 && y > 12) context.fillText(degrees(n * up, up, ["N", "S"]), 4, y - 3);
  }
};

const line = (context, x1, y1, x2, y2) => {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
};

const drawScale = (context, camera, width, height, colors) => {
  const pixels = camera.scale / KM_PER_DEGREE;
  const power = 10 ** Math.floor(Math.log10(120 / pixels));
  const km = [5, 2, 1].map((n) => n * power).find((n) => n * pixels <= 120) || power;
  const x = width - 14;
  const y = height - 24;
  context.strokeStyle = context.fillStyle = colors.text;
  context.lineWidth = 2;
  line(context, x - km * pixels, y, x, y);
  context.textAlign = "right";
  context.fillText(km >= 1 ? `${km.toLocaleString("en")} km` : `${km * 1000} m`, x, y - 5);
};

// spots: [{x, y, r, place, dim}], the largest first so that small ones lie on top
const drawSpots = (context, spots, colors, palette) => {
  for (const spot of spots) {
    const { x, y, r, place } = spot;
    context.globalAlpha = spot.dim ? 0.16 : 0.92;
    let angle = -Math.PI / 2;
    for (const [value, count] of place.parts) {
      const next = angle + (2 * Math.PI * count) / place.count;
      context.beginPath();
      if (place.parts.length > 1) context.moveTo(x, y);
      context.arc(x, y, r, angle, next);
      context.fillStyle = palette[value];
      context.fill();
      angle = next;
    }
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.strokeStyle = colors.rim;
    context.lineWidth = 1;
    context.stroke();
    if (r >= 9.5) {
      context.font = `600 ${Math.round(Math.min(13, r * 0.85))}px sans-serif`;
      context.textAlign = "center";
      context.lineWidth = 3;
      context.strokeStyle = "rgba(0,0,0,.55)";
      context.strokeText(short(place.count), x, y + 4);
      context.fillStyle = "#fff";
      context.fillText(short(place.count), x, y + 4);
    }
  }
  context.globalAlpha = 1;
};

const drawShape = (context, points, closed) => {
  if (points.length < 2) return;
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  if (closed) context.closePath();
  context.fillStyle = "rgba(255,109,4,.12)";
  if (closed) context.fill();
  context.strokeStyle = "#ff6d04";
  context.lineWidth = 1.5;
  context.stroke();
};

AA.map = { projection, copies, radius, squeeze, drawLand, drawGraticule, drawScale, drawSpots,
  drawShape };
