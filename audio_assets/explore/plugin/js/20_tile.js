// A tile of the grid: the spectrogram; hovering plays the window with a moving playhead.
const React = window.React;
const { h } = AA;
const WAIT_MS = 120; // a mouse that only crosses the tile plays nothing

const badge = {
  position: "absolute", right: 4, top: 4, border: "none", borderRadius: 4, padding: "3px 6px",
  background: "rgba(0,0,0,.65)", color: "#fff", fontSize: 12, cursor: "pointer", zIndex: 15,
};

function Tile({ ctx, isGridActive }) {
  const sample = (ctx.sample && ctx.sample.sample) || {};
  const id = sample._id || sample.id;
  const dataset = (ctx.dataset && ctx.dataset.name) || AA.dataset();
  const muted = AA.hoverMuted.use();
  const audio = React.useRef(null);
  const line = React.useRef(null);
  const timer = React.useRef(null);
  const axes = React.useRef(null);
  const [over, setOver] = React.useState(false);
  const [on, setOn] = React.useState(false);
  const [note, setNote] = React.useState(null);

  const stop = () => {
    clearTimeout(timer.current);
    if (audio.current) audio.current.pause();
    setOn(false);
  };
  const start = () => {
    if (muted) return;
    timer.current = setTimeout(() => {
      AA.about(dataset, id).then((about) => (axes.current = about.preview), () => {});
      setNote(null);
      setOn(true);
    }, WAIT_MS);
  };
  React.useEffect(() => stop, []);
  React.useEffect(() => { if (isGridActive === false) { stop(); setOver(false); } }, [isGridActive]);
  React.useEffect(() => {
    if (!on || !audio.current) return;
    AA.playOnly(audio.current).catch((error) => {
      if (error.name === "NotAllowedError") setNote("Click anywhere once, then hover to listen");
    });
  }, [on]);
  AA.useFrames(audio, (time) => {
    if (!line.current || !axes.current) return;
    const share = (time - axes.current.start_s) / axes.current.seconds;
    line.current.style.left = `${100 * Math.min(1, Math.max(0, share))}%`;
    line.current.style.display = "block";
  }, on);

  const boxes = ((sample.events && sample.events.detections) || []).filter((d) => d.bounding_box);
  const failed = () => AA.about(dataset, id).then(
    () => setNote("This sound cannot be decoded"), (error) => setNote(error.message));
  return h(
    "div",
    {
      "data-cy": "aa-tile", "data-sample": id, "data-playing": on,
      onMouseEnter: () => { setOver(true); start(); },
      onMouseLeave: () => { setOver(false); stop(); },
      style: { position: "relative", width: "100%", height: "100%", background: "#000" },
    },
    h("img", {
      src: "/media?filepath=" + encodeURIComponent(sample.filepath || ""), draggable: false,
      alt: "", style: { width: "100%", height: "100%", objectFit: "fill", display: "block" },
    }),
    boxes.map((d) => h("div", {
      key: d._id || d.id, title: d.label, "data-cy": "aa-tile-event",
      style: {
        position: "absolute", left: `${100 * d.bounding_box[0]}%`, top: `${100 * d.bounding_box[1]}%`,
        width: `${100 * d.bounding_box[2]}%`, height: `${100 * d.bounding_box[3]}%`,
        border: `1px solid ${AA.eventColor(d.label || "")}`, boxSizing: "border-box", pointerEvents: "none",
      },
    })),
    on && h("div", {
      ref: line, "data-cy": "aa-playhead",
      style: {
        position: "absolute", top: 0, bottom: 0, width: 2, background: "#ff6d04",
        pointerEvents: "none", display: "none", boxShadow: "0 0 3px #000",
      },
    }),
    on && h("audio", {
      ref: audio, src: AA.soundUrl(dataset, id), preload: "auto", "data-cy": "aa-tile-audio",
      onEnded: () => setOn(false), onError: failed,
    }),
    over && h("button", {
      style: badge, "data-cy": "aa-hover-mute",
      title: muted ? "Hovering plays nothing. Click to listen again" : "Stop playing on hover",
      onClick: (event) => {
        event.stopPropagation();
        AA.hoverMuted.set(!muted);
        if (muted) setOn(true); else stop();
      },
    }, AA.icon(muted ? "silent" : "sound", 16)),
    over && note && h("div", {
      style: { ...badge, right: "auto", left: 4, top: 28, cursor: "default", maxWidth: "90%" },
    }, note)
  );
}

AA.Tile = Tile;
