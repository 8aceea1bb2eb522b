// The player of the sample view; and the renderer that brings tile and player into the App.
const React = window.React;
const { h } = AA;
const { useState, useRef, useEffect } = React;
const SIZE = { width: 1400, height: 420 };

function Player({ dataset, id, title }) {
  const [about, setAbout] = useState(null);
  const [problem, setProblem] = useState(null);
  const [around, setAround] = useState(0);
  useEffect(() => {
    let current = true;
    AA.fetchJson(AA.eventsUrl(dataset, id, { before: around, after: around })).then(
      (answer) => current && setAbout(answer), (error) => current && setProblem(error.message));
    return () => { current = false; };
  }, [dataset, id, around]);
  if (problem) return h("div", { style: { padding: 24, color: AA.color("text-primary") }, "data-cy": "aa-problem" }, problem);
  if (!about) return h("div", { style: { padding: 24, color: AA.color("text-secondary") } }, "Opening the recording …");
  return h(Open, { dataset, id, title, about, around, setAround });
}

function Open({ dataset, id, title, about, around, setAround }) {
  const audio = useRef(null);
  const clock = useRef(null);
  const lines = [useRef(null), useRef(null)];
  const position = useRef(0); // seconds from the start of the window
  const [on, setOn] = useState(false);
  const [loop, setLoop] = useState(false);
  const [speed, setSpeed] = useState(1);
  const [keepPitch, setKeepPitch] = useState(false);
  const [gain, setGain] = useState(0);
  const [top, setTop] = useState(about.sample_rate / 2);
  const [range, setRange] = useState(null);
  const [chosen, setChosen] = useState(null);
  const [bandOn, setBandOn] = useState(false);
  const [hidden, setHidden] = useState([]);
  const [peaks, setPeaks] = useState(null);
  const [problem, setProblem] = useState(null);
  const similar = AA.useSimilar(dataset, id);

  const view = { from: about.start_s, to: about.end_s };
  const context = { before: around || undefined, after: around || undefined };
  const slow = speed < 1 && !keepPitch ? 1 / speed : 1;
  const url = AA.soundUrl(dataset, id, { ...context, slow: slow === 1 ? undefined : slow });
  const event = about.events.find((e) => e.id === chosen) || null;
  const band = event && { low: event.low_hz, high: event.high_hz };

  useEffect(() => {
    let current = true;
    AA.fetchJson(AA.peaksUrl(dataset, id, { ...context, columns: 1400 })).then(
      (answer) => current && setPeaks(answer), (error) => current && setProblem(error.message));
    return () => { current = false; };
  }, [dataset, id, around]);

  const show = (t) => {
    position.current = t;
    const share = (100 * (t - view.from)) / (view.to - view.from);
    lines.forEach((line) => { if (line.current) line.current.style.left = `${Math.min(100, Math.max(0, share))}%`; });
    if (clock.current) clock.current.textContent = AA.time(t - view.from);
  };
  const seek = (t) => {
    const inside = Math.min(view.to, Math.max(view.from, t));
    if (audio.current && audio.current.readyState > 0) audio.current.currentTime = (inside - view.from) * slow;
    show(inside);
  };
  const play = () => audio.current && AA.playOnly(audio.current).catch(
    (error) => error.name !== "AbortError" && setProblem("The browser would not play this sound."));
  const toggle = () => {
    if (on) { audio.current.pause(); return; }
    const end = range ? range.to : view.to;
    const begin = range ? range.from : view.from;
    if (position.current >= end - 0.01 || (range && position.current < begin)) seek(begin);
    play();
  };
  const playEvent = (e) => {
    const from = Math.max(view.from, e.start_s);
    setChosen(e.id);
    setRange({ from, to: Math.min(view.to, e.end_s) });
    seek(from);
    play();
  };
  AA.useFrames(audio, (time) => {
    const t = view.from + time / slow;
    if (range && t >= range.to) {
      if (loop) seek(range.from);
      else { audio.current.pause(); seek(range.to); }
      return;
    }
    show(t);
  }, on);

  useEffect(() => { // another file: other speed or other context; go on where it was
    const element = audio.current;
    const ready = () => { if (position.current > view.from) element.currentTime = (position.current - view.from) * slow; };
    element.addEventListener("loadedmetadata", ready);
    return () => element.removeEventListener("loadedmetadata", ready);
  }, [url]);
  useEffect(() => {
    const element = audio.current;
    element.preservesPitch = keepPitch;
    element.playbackRate = speed < 1 && !keepPitch ? 1 : speed;
  }, [url, speed, keepPitch]);
  useEffect(() => {
    const filter = bandOn && range && band ? { low: band.low / slow, high: band.high / slow } : null;
    if (gain !== 0 || filter || (audio.current && audio.current.aaGraph)) AA.graph(audio.current).set(gain, filter);
  }, [gain, bandOn, chosen, range === null, slow]);
  useEffect(() => () => audio.current && audio.current.pause(), []);
  useEffect(() => { show(Math.min(view.to, Math.max(view.from, position.current))); });

  useEffect(() => {
    const key = (e) => {
      if (e.target.closest && e.target.closest("input, textarea, [contenteditable]")) return;
      const actions = {
        " ": toggle,
        l: () => setLoop(!loop),
        ArrowUp: () => seek(position.current + (view.to - view.from) / 20),
        ArrowDown: () => seek(position.current - (view.to - view.from) / 20),
        ...(e.shiftKey ? { ArrowRight: () => similar.go(1), ArrowLeft: () => similar.go(-1) } : {}),
      };
      const act = e.ctrlKey || e.metaKey || e.altKey ? null : actions[e.key];
      if (!act) return;
      e.preventDefault();
      e.stopImmediatePropagation();
      act();
    };
    window.addEventListener("keydown", key, true);
    return () => window.removeEventListener("keydown", key, true);
  });

  const shownEvents = about.events.filter((e) => !hidden.includes(e.label));
  const wanted = range ? { start: range.from, end: range.to } : context;
  const p = {
    about, view, on, toggle, clock, loop, setLoop, speed, setSpeed, keepPitch, setKeepPitch, gain, setGain,
    around, setAround: (s) => { setRange(null); setChosen(null); setAround(s); }, top, setTop,
    range, setRange: (r) => { setRange(r); if (!r) setChosen(null); }, band, bandOn, setBandOn, similar,
    downloadUrl: AA.soundUrl(dataset, id, wanted),
    fileName: `${(about.path || "sound").split("/").pop()}_${(about.begins_s + (range ? range.from : view.from)).toFixed(2)}s.wav`,
  };
  const picture = AA.spectrogramUrl(dataset, id, { ...context, ...SIZE, top: top < about.sample_rate / 2 ? top : undefined });
  const faint = { color: AA.color("text-secondary"), fontSize: 13 };
  return h("div", {
    "data-cy": "aa-player", "data-sample": id,
    style: { display: "flex", flexDirection: "column", gap: 8, height: "100%", boxSizing: "border-box", padding: "10px 16px 8px", overflowY: "auto", background: AA.color("background-level1") },
  },
    h("div", { style: { display: "flex", gap: 12, flexWrap: "wrap", alignItems: "baseline", paddingLeft: 24 } },
      h("strong", { style: { color: AA.color("text-primary") } }, title || "no label"),
      h("span", { style: faint }, about.path),
      h("span", { style: faint }, `${about.begins_s.toFixed(2)} – ${(about.begins_s + about.window_s).toFixed(2)} s of ${about.recording_s.toFixed(2)} s`),
      h("span", { style: faint }, `${about.sample_rate / 1000} kHz`),
      about.sample_rate > 48000 && speed >= 1 && h("button", {
        onClick: () => setSpeed(0.1), "data-cy": "aa-slow-down",
        style: { background: "none", border: "none", color: "#ff6d04", cursor: "pointer", padding: 0, fontSize: 13 },
      }, "Holds ultrasound: play it 10 × slower"),
      about.labels.map((label) => h("button", {
        key: label, "data-cy": "aa-event-filter", "aria-pressed": !hidden.includes(label),
        title: hidden.includes(label) ? "Show these events" : "Hide these events",
        onClick: () => setHidden(hidden.includes(label) ? hidden.filter((l) => l !== label) : [...hidden, label]),
        style: { border: `1px solid ${AA.eventColor(label)}`, background: hidden.includes(label) ? "none" : AA.eventColor(label), color: "#fff", borderRadius: 10, padding: "1px 8px", fontSize: 12, cursor: "pointer" },
      }, `${label} ${about.events.filter((e) => e.label === label).length}`)),
      problem && h("span", { style: { color: "#ff6d04", fontSize: 13 }, "data-cy": "aa-problem" }, problem)),
    h(AA.Stage, {
      view, windowS: about.window_s, top, picture, peaks, events: shownEvents, range, chosen, lines, onSeek: seek,
      onRange: (r) => { setRange(r); setChosen(null); seek(r.from); }, onEvent: playEvent,
    }),
    h(AA.Controls, { p }),
    h(AA.SimilarRow, { dataset, similar }),
    h("audio", {
      ref: audio, src: url, preload: "auto", loop: loop && !range, "data-cy": "aa-audio",
      onPlay: () => setOn(true), onPause: () => setOn(false), onEnded: () => { setOn(false); show(view.to); },
      onError: () => setProblem("This recording cannot be decoded."),
    }));
}

function Renderer({ ctx }) {
  const sample = (ctx.sample && ctx.sample.sample) || {};
  const id = sample._id || sample.id;
  const dataset = (ctx.dataset && ctx.dataset.name) || AA.dataset();
  return h(Player, { key: id, dataset, id, title: sample.label && sample.label.label });
}

window.__fop__.registerComponent({
  name: "AudioSampleRenderer",
  label: "Audio player",
  component: Renderer,
  type: window.__fop__.PluginComponentType.SampleRenderer,
  activator: () => true,
  sampleRendererOptions: {
    supports: {
      extensions: ["wav", "wave", "rf64", "w64", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "aifc", "au", "caf", "m4a", "mp4", "aac"],
    },
    modal: { persistAcrossSamples: false },
    grid: { enabled: true, overrideComponent: AA.Tile, clickBehavior: "passthrough" },
  },
});
