// The panel "Map": pan, zoom, hover, box and lasso over the places of the view.
const { h, map } = AA;
const { Button, Tooltip, Legend } = map;
const { useEffect, useMemo, useRef, useState } = window.React;

const LIMITS = [0.35, 400000]; // pixels per degree

const number = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

const parsed = (text) => {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
};

const MapView = (props) => {
  const view = props.schema.view;
  const call = AA.useCall();
  const frame = useRef(null);
  const canvas = useRef(null);
  const live = useRef({});
  const [size, setSize] = useState(null);
  const [camera, setCamera] = useState(null);
  const [tool, setTool] = useState("pan");
  const [drawn, setDrawn] = useState(null);
  const [hover, setHover] = useState(null);
  const [lit, setLit] = useState(null);
  const data = useMemo(() => parsed((props.data || {}).map), [(props.data || {}).map]);
  const land = useMemo(() => parsed((props.data || {}).coastline) || [],
    [(props.data || {}).coastline]);
  const places = useMemo(() => (data ? map.placesOf(data.rows) : []), [data]);
  const [asked, setAsked] = useState(null); // {region} from the moment it is drawn until the answer
  const region = asked ? asked.region : data && data.region;

  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      if (width > 20 && height > 20) setSize([width, height]);
    });
    if (frame.current) watch.observe(frame.current);
    return () => watch.disconnect();
  }, [!!data]);

  const fit = () => size && setCamera(map.cameraFor(map.extent(places), ...size));
  useEffect(() => { if (size && data) fit(); }, [!!size, data && data.dataset]);
  useEffect(() => setLit(null), [data && data.path]);
  useEffect(() => setAsked(null), [data]);
  useEffect(() => {
    if (!asked) return undefined;
    const refused = setTimeout(() => setAsked(null), 15000);
    return () => clearTimeout(refused);
  }, [asked]);
  const choose = (method, region, params) => {
    setAsked({ region });
    call(method, params);
  };

  const now = camera && size ? map.projection(camera, ...size) : null;
  const spots = useMemo(() => {
    if (!now) return [];
    const turns = map.copies(camera, size[0], now.across);
    return places.flatMap((place) => {
      const dim = !map.isInside(region, place)
        || (lit !== null && !place.parts.some(([value]) => value === lit));
      const r = map.radius(place.count);
      return turns.map((turn) => {
        const [x, y] = now.toPixel(place.lon + turn, place.lat);
        return { x, y, r, place, dim };
      }).filter((s) => s.x > -30 && s.y > -30 && s.x < size[0] + 30 && s.y < size[1] + 30);
    });
  }, [places, camera, size, region, lit]);

  useEffect(() => {
    if (!now || !canvas.current) return;
    const [width, height] = size;
    const ratio = window.devicePixelRatio || 1;
    canvas.current.width = width * ratio;
    canvas.current.height = height * ratio;
    const context = canvas.current.getContext("2d");
    const colors = map.colors();
    context.scale(ratio, ratio);
    context.fillStyle = colors.sea;
    context.fillRect(0, 0, width, height);
    map.drawLand(context, land, now, map.copies(camera, width, now.across), colors);
    map.drawGraticule(context, camera, now, width, height, colors);
    if (region) {
      const middle = map.cornersOf(region).reduce((sum, c, _, all) => sum + c[0] / all.length, 0);
      const turn = 360 * Math.round((camera.lon - middle) / 360);
      const outline = map.cornersOf(region).map(([lon, lat]) => now.toPixel(lon + turn, lat));
      map.drawShape(context, outline, true);
    }
    map.drawSpots(context, spots, colors, data.colors);
    map.drawScale(context, camera, width, height, colors);
    if (drawn) map.drawShape(context, drawn, true);
  }, [spots, drawn, land, size, camera]);

  const zoom = (factor, x, y) => {
    const state = live.current;
    if (!state.camera) return;
    const before = map.projection(state.camera, ...state.size).toDegree(x, y);
    const scale = Math.max(LIMITS[0] * state.size[1] / 180,
      Math.min(LIMITS[1], state.camera.scale * factor));
    const next = { ...state.camera, scale };
    const after = map.projection(next, ...state.size).toDegree(x, y);
    move(next, next.lon + before[0] - after[0], next.lat + before[1] - after[1]);
  };
  const move = (from, lon, lat) => {
    const turned = ((((lon + 180) % 360) + 360) % 360) - 180;
    setCamera({ ...from, lon: turned, lat: Math.max(-85, Math.min(85, lat)) });
  };
  live.current = { camera, size, zoom };

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const wheel = (event) => { // React's own handler could not keep the page from scrolling
      event.preventDefault();
      const box = element.getBoundingClientRect();
      live.current.zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left,
        event.clientY - box.top);
    };
    element.addEventListener("wheel", wheel, { passive: false });
    element.aaPixel = (lon, lat) => map.projection(live.current.camera, ...live.current.size)
      .toPixel(lon, lat);
    return () => element.removeEventListener("wheel", wheel);
  }, [!!data]);

  const at = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const down = (event) => {
    if (!camera || event.button) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const shape = event.shiftKey ? "box" : tool;
    live.current.drag = null;
    drag.current = { shape, start: at(event), camera, points: [at(event)] };
    setHover(null);
  };
  const drag = useRef(null);
  const dragged = (event) => {
    const [x, y] = at(event);
    const held = drag.current;
    if (!held) {
      const hit = [...spots].reverse().find((s) => (s.x - x) ** 2 + (s.y - y) ** 2
        <= Math.max(6, s.r) ** 2);
      setHover(hit || null);
      return;
    }
    const [x0, y0] = held.start;
    if (held.shape === "pan") {
      const { across } = map.projection(held.camera, ...size);
      move(held.camera, held.camera.lon - (x - x0) / across,
        held.camera.lat + (y - y0) / held.camera.scale);
    } else if (held.shape === "box") {
      setDrawn([[x0, y0], [x, y0], [x, y], [x0, y]]);
    } else {
      const [px, py] = held.points[held.points.length - 1];
      if ((px - x) ** 2 + (py - y) ** 2 >= 9 && held.points.length < 1500) held.points.push([x, y]);
      setDrawn([...held.points]);
    }
  };
  const up = (event) => {
    const held = drag.current;
    drag.current = null;
    if (!held || held.shape === "pan") return;
    setDrawn(null);
    const [x, y] = at(event);
    if (held.shape === "box") {
      if (Math.abs(x - held.start[0]) < 4 && Math.abs(y - held.start[1]) < 4) return;
      const [west, north] = now.toDegree(Math.min(x, held.start[0]), Math.min(y, held.start[1]));
      const [east, south] = now.toDegree(Math.max(x, held.start[0]), Math.max(y, held.start[1]));
      choose(view.choose_box, { box: [west, south, east, north] },
        { box: map.serverBox([west, south, east, north]) });
    } else if (held.points.length > 2) {
      const corners = held.points.map(([px, py]) => {
        const [lon, lat] = now.toDegree(px, py);
        return [lon, Math.max(-90, Math.min(90, lat))];
      });
      choose(view.choose_lasso, { lasso: corners }, { corners });
    }
  };
  const seen = () => {
    const [west, north] = now.toDegree(0, 0);
    const [east, south] = now.toDegree(...size);
    choose(view.choose_box, { box: [west, south, east, north] },
      { box: map.serverBox([west, south, east, north]) });
  };

  if (!data) return h("div", { style: { padding: 16 } }, "Loading the map …");
  const total = data.counts.reduce((sum, n) => sum + n, 0);
  const inside = region ? places.filter((p) => map.isInside(region, p)) : places;
  const chosen = inside.reduce((sum, p) => sum + p.count, 0);
  const box = map.extent(inside);
  const middle = size ? [size[0] / 2, size[1] / 2] : [0, 0];
  const facts = [
    region ? `${chosen.toLocaleString("en")} of ${total.toLocaleString("en")} windows chosen`
      : `${number(total, "window")} at ${number(places.length, "place")}`,
    box && map.boxText(box),
    data.without ? `${data.without.toLocaleString("en")} without coordinates` : null,
    data.invented ? (data.invented >= total ? "these places are invented"
      : `${data.invented.toLocaleString("en")} places are invented`) : null,
  ];
  return h("div", {
    "data-cy": "aa-map", "data-places": places.length,
    style: { height: "100%", display: "flex", flexDirection: "column", minHeight: 240 },
  },
    h("div", { style: { display: "flex", gap: 5, padding: 6, flexWrap: "wrap",
      alignItems: "center", color: AA.color("text-primary"), fontSize: 13 } },
      h(Button, { name: "pan", on: tool === "pan", onClick: () => setTool("pan"), label: "Move",
        title: "Drag to move, wheel to zoom" }),
      h(Button, { name: "box", on: tool === "box", onClick: () => setTool("box"), label: "Box",
        title: "Drag a box: its windows become the view (or hold Shift)" }),
      h(Button, { name: "lasso", on: tool === "lasso", onClick: () => setTool("lasso"),
        label: "Lasso", title: "Draw around places: their windows become the view" }),
      h(Button, { name: "seen", onClick: seen, label: "What is visible",
        title: "The windows of the visible part of the map become the view" }),
      region ? h(Button, { name: "clear", on: true, label: "Clear",
        onClick: () => choose(view.clear, null, {}), title: "Show all places again" }) : null,
      h("span", { style: { flex: 1 } }),
      h(Button, { name: "out", label: "−", title: "Zoom out",
        onClick: () => zoom(1 / 1.6, ...middle) }),
      h(Button, { name: "in", label: "+", title: "Zoom in", onClick: () => zoom(1.6, ...middle) }),
      h(Button, { name: "fit", label: "Fit", onClick: fit, title: "Show all places of the view" }),
      h("label", { style: { display: "flex", gap: 5, alignItems: "center" } }, "Colour",
        h("select", {
          value: data.path || "", "data-cy": "aa-map-color",
          onChange: (event) => call(view.color_by, { path: event.target.value }),
          style: { height: 28, maxWidth: 150, background: AA.color("background-level1"),
            color: AA.color("text-primary"), border: `1px solid ${AA.color("divider")}`,
            borderRadius: 4 },
        }, data.paths.map((path) => h("option", { key: path, value: path },
          path.replace(/\.label$/, "")))))),
    h("div", { style: { flex: 1, minHeight: 0, display: "flex" } },
      h("div", { ref: frame, style: { position: "relative", flex: 1, minWidth: 0,
        overflow: "hidden" } },
        h("canvas", {
          ref: canvas, "data-cy": "aa-map-canvas", onPointerDown: down, onPointerMove: dragged,
          onPointerUp: up, onPointerLeave: () => setHover(null),
          style: { position: "absolute", inset: 0, width: "100%", height: "100%",
            touchAction: "none", cursor: tool === "pan" ? "grab" : "crosshair" },
        }),
        hover ? h(Tooltip, { spot: hover, names: data.names, colors: data.colors, size }) : null,
        places.length ? null : h("div", {
          "data-cy": "aa-map-empty",
          style: { position: "absolute", inset: 0, display: "grid", placeItems: "center",
            padding: 24, textAlign: "center", color: AA.color("text-primary"),
            pointerEvents: "none" },
        }, "No window of this view has coordinates. Columns lat and lon in the folder's table "
          + "put its recordings on the map.")),
      places.length ? h(Legend, { data, lit, setLit }) : null),
    h("div", {
      "data-cy": "aa-map-facts",
      style: { padding: "4px 8px", fontSize: 12, color: AA.color("text-secondary") },
    }, facts.filter(Boolean).join(" · "), h("span", { style: { float: "right", opacity: 0.7 } },
      "Coastline: Natural Earth")));
};

AA.register("MapView", MapView);
