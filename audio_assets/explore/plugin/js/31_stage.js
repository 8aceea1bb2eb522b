// Waveform and spectrogram over one time axis, with events, a chosen range and the playhead.
const React = window.React;
const { h } = AA;
const WAVE = 80;
const AXIS = 64;
const DRAG_PX = 4; // less is a click

const shade = { position: "absolute", top: 0, bottom: 0, pointerEvents: "none" };

function EventBox({ event, view, top, chosen, onPlay }) {
  const share = (t) => (100 * (Math.min(view.to, Math.max(view.from, t)) - view.from)) / (view.to - view.from);
  const low = Math.min(1, event.low_hz / top);
  const high = Math.min(1, event.high_hz / top);
  if (low >= 1) return null;
  const color = AA.eventColor(event.label);
  const score = event.confidence === null || event.confidence === undefined ? "" : ` · ${event.confidence}`;
  return h("div", {
    "data-cy": "aa-event", "data-label": event.label, "data-start": event.start_s, "data-end": event.end_s,
    title: `${event.label}${score}\n${AA.time(event.start_s)} – ${AA.time(event.end_s)}, ` +
      `${AA.hertz(event.low_hz)} – ${AA.hertz(event.high_hz)}\n${event.source || "drawn in the App"}\nClick to play`,
    onPointerDown: (e) => e.stopPropagation(),
    onClick: (e) => { e.stopPropagation(); onPlay(event); },
    style: {
      position: "absolute", left: `${share(event.start_s)}%`,
      width: `${share(event.end_s) - share(event.start_s)}%`, minWidth: 4,
      bottom: `${100 * low}%`, height: `${Math.max(1.5, 100 * (high - low))}%`,
      border: `2px solid ${color}`, background: chosen ? AA.eventColor(event.label, 0.25) : "transparent",
      boxSizing: "border-box", cursor: "pointer", borderRadius: 2,
    },
  }, h("span", {
    style: {
      position: "absolute", left: -2, [high > 0.93 ? "top" : "bottom"]: "100%", background: color,
      ...(high > 0.93 ? { top: -2 } : {}), color: "#fff", fontSize: 11, padding: "0 4px",
      whiteSpace: "nowrap", pointerEvents: "none",
    },
  }, event.label));
}

// One colour per label for as long as the page lives: neither the orange nor the purple of the
// pictures, then hues in steps of the golden angle.
const known = new Map();
const HUES = [140, 205, 75, 175, 225, 110];
AA.eventColor = (label, alpha = 1) => {
  if (!known.has(label)) known.set(label, known.size);
  const index = known.get(label);
  const hue = index < HUES.length ? HUES[index] : 75 + ((index * 137.5) % 150);
  return `hsl(${hue} 75% ${index % 2 ? 50 : 38}% / ${alpha})`;
};

// view {from, to}: seconds from the start of the window; range {from, to} or null
AA.Stage = ({ view, windowS, top, picture, peaks, events, range, chosen, lines, onSeek, onRange, onEvent }) => {
  const [drag, setDrag] = React.useState(null);
  const timeAt = (e) => {
    const box = e.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (e.clientX - box.left) / box.width));
    return view.from + share * (view.to - view.from);
  };
  const percent = (t) => (100 * (t - view.from)) / (view.to - view.from);
  const handlers = {
    onPointerDown: (e) => {
      if (e.button !== 0) return;
      e.currentTarget.setPointerCapture(e.pointerId);
      setDrag({ x: e.clientX, from: timeAt(e), to: null });
    },
    onPointerMove: (e) => {
      if (!drag) return;
      if (drag.to !== null || Math.abs(e.clientX - drag.x) >= DRAG_PX) setDrag({ ...drag, to: timeAt(e) });
    },
    onPointerUp: (e) => {
      if (!drag) return;
      if (drag.to === null) onSeek(timeAt(e));
      else onRange({ from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) });
      setDrag(null);
    },
  };
  const shown = drag && drag.to !== null
    ? { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) } : range;
  const marks = (number) => [
    view.from < -1e-6 && h("div", { key: "b", style: { ...shade, left: 0, width: `${percent(0)}%`, background: "#0008" } }),
    view.to > windowS + 1e-6 && h("div", { key: "a", style: { ...shade, left: `${percent(windowS)}%`, right: 0, background: "#0008" } }),
    shown && h("div", {
      key: "r", "data-cy": "aa-range", "data-from": shown.from, "data-to": shown.to,
      style: {
        ...shade, left: `${percent(shown.from)}%`, width: `${percent(shown.to) - percent(shown.from)}%`,
        background: "#ffffff0d", borderLeft: "1px solid #fff", borderRight: "1px solid #fff",
      },
    }),
    h("div", {
      key: "p", ref: lines[number], "data-cy": "aa-player-playhead",
      style: { ...shade, left: `${percent(Math.max(0, view.from))}%`, width: 2, marginLeft: -1, background: "#fff", boxShadow: "0 0 3px #000" },
    }),
  ];
  const pane = { position: "relative", cursor: "crosshair", userSelect: "none", touchAction: "none" };
  return h("div", { style: { display: "grid", gridTemplateColumns: `${AXIS}px 1fr`, gridTemplateRows: `${WAVE}px minmax(120px, 1fr) 20px`, rowGap: 4, flex: 1, minHeight: 220 } },
    h("div"),
    h("div", { style: { ...pane, background: AA.color("background-level2") }, ...handlers },
      h(AA.Waveform, { peaks, height: WAVE }), marks(0)),
    h("div", { style: { position: "relative" } }, h(AA.FrequencyAxis, { top })),
    h("div", { style: { ...pane, background: "#000", overflow: "hidden" }, "data-cy": "aa-spectrogram", ...handlers },
      h("img", { src: picture, draggable: false, alt: "Spectrogram", style: { position: "absolute", inset: 0, width: "100%", height: "100%", objectFit: "fill" } }),
      marks(1),
      events.map((event) => h(EventBox, { key: event.id, event, view, top, chosen: chosen === event.id, onPlay: onEvent }))),
    h("div"),
    h(AA.TimeAxis, { from: view.from, to: view.to }));
};
