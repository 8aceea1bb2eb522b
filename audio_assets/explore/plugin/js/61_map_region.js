// Regions drawn on the map, and places: which lie inside, and what the camera has to show.

// A place of the panel's data: [lon, lat, i, n, i, n, ...]
const placesOf = (rows) =>
  rows
    .map((row) => {
      const parts = [];
      for (let i = 2; i < row.length; i += 2) parts.push([row[i], row[i + 1]]);
      return { lon: row[0], lat: row[1], parts, count: parts.reduce((sum, p) => sum + p[1], 0) };
    })
    .sort((a, b) => b.count - a.count);

const inPolygon = (corners, lon, lat) => {
  let inside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [x1, y1] = corners[i];
    const [x2, y2] = corners[j];
    if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
};

const isInside = (region, place) => {
  if (!region) return true;
  const turned = [-360, 0, 360].map((turn) => place.lon + turn);
  if (region.lasso) return turned.some((lon) => inPolygon(region.lasso, lon, place.lat));
  const [west, south, east, north] = region.box;
  return (
    place.lat >= south && place.lat <= north && turned.some((lon) => lon >= west && lon <= east)
  );
};

const cornersOf = (region) => {
  if (region.lasso) return region.lasso;
  const [west, south, east, north] = region.box;
  return [[west, south], [east, south], [east, north], [west, north]];
};

// The smallest box around places, [west, south, east, north]; east goes beyond 180 where the
// places are closer to each other across the 180th meridian than across the rest of the world.
const extent = (places) => {
  if (!places.length) return null;
  const lons = places.map((p) => p.lon).sort((a, b) => a - b);
  let gap = lons[0] + 360 - lons[lons.length - 1];
  let west = lons[0];
  for (let i = 1; i < lons.length; i++)
    if (lons[i] - lons[i - 1] > gap) {
      gap = lons[i] - lons[i - 1];
      west = lons[i];
    }
  let south = 90;
  let north = -90;
  for (const place of places) {
    south = Math.min(south, place.lat);
    north = Math.max(north, place.lat);
  }
  return [west, south, west + 360 - gap, north];
};

const cameraFor = (box, width, height) => {
  const [west, south, east, north] = box || [-180, -60, 180, 80];
  const lat = (south + north) / 2;
  const tall = Math.max(north - south, 0.1);
  const wide = Math.max(east - west, 0.1);
  const room = 0.84;
  let scale = (room * height) / tall;
  for (let i = 0; i < 4; i++) {
    const narrow = AA.map.squeeze({ lat, scale }, height);
    scale = Math.min((room * height) / tall, (room * width) / (wide * narrow));
  }
  return { lon: (west + east) / 2, lat, scale };
};

// Longitudes from -180 to 180, as the server wants a box: west > east crosses the 180th meridian.
const serverBox = ([west, south, east, north]) => {
  const turn = (lon) => (lon < -180 ? lon + 360 : lon > 180 ? lon - 360 : lon);
  const clamp = (lat) => Math.max(-90, Math.min(90, lat));
  if (east - west >= 360) return [-180, clamp(south), 180, clamp(north)];
  const middle = 360 * Math.round((west + east) / 720);
  return [turn(west - middle), clamp(south), turn(east - middle), clamp(north)];
};

const boxText = ([west, south, east, north]) => {
  const digits = Math.max(north - south, east - west) < 1 ? 4 : 2;
  const lon = (v) => (v > 180 ? v - 360 : v).toFixed(digits);
  return `lat ${south.toFixed(digits)} to ${north.toFixed(digits)}, lon ${lon(west)} to ${lon(east)}`;
};

Object.assign(AA.map, {
  placesOf, isInside, cornersOf, extent, cameraFor, serverBox, boxText,
});
