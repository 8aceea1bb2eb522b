// What every part of the plugin uses: React without a build step, addresses of sounds, a play button.
const React = window.React;
const h = React.createElement;
const AA = (window.AA = {});

AA.h = h;
AA.plugin = "@audio_assets/explorer";

AA.query = (values) => {
  const pairs = Object.entries(values || {}).filter(([, v]) => v !== undefined && v !== null);
  return pairs.length ? "?" + new URLSearchParams(pairs).toString() : "";
};

const address = (kind) => (dataset, sampleId, options) =>
  `/audio_assets/${kind}/${encodeURIComponent(dataset)}/${encodeURIComponent(sampleId)}` +
  AA.query(options);

// options: start, end (seconds within the window), before, after (seconds of the recording around
// it), slow (factor), rate (Hz)
AA.soundUrl = address("sound");
AA.peaksUrl = address("peaks");
AA.spectrogramUrl = address("spectrogram");
AA.eventsUrl = address("events");

// The open data set's name, from the page's address.
AA.dataset = () => {
  const match = window.location.pathname.match(/\/datasets\/([^/?#]+)/);
  return match ? decodeURIComponent(match[1]) : null;
};

AA.color = (name) => `var(--fo-palette-${name})`;

AA.time = (seconds) => {
  if (!isFinite(seconds)) return "–";
  const minutes = Math.floor(seconds / 60);
  const rest = seconds - 60 * minutes;
  return minutes ? `${minutes}:${rest.toFixed(1).padStart(4, "0")}` : `${rest.toFixed(2)} s`;
};

// One sound at a time, whichever part of the page started it.
let playing = null;
AA.playOnly = (audio) => {
  if (playing && playing !== audio) playing.pause();
  playing = audio;
  return audio.play();
};

AA.PlayButton = ({ dataset, sampleId, start, end, slow, size = 28, title = "Play" }) => {
  const audio = React.useRef(null);
  const [on, setOn] = React.useState(false);
  const [failed, setFailed] = React.useState(false);
  const url = AA.soundUrl(dataset || AA.dataset(), sampleId, { start, end, slow });
  React.useEffect(() => () => audio.current && audio.current.pause(), [url]);
  const toggle = (event) => {
    event.stopPropagation();
    event.preventDefault();
    if (!audio.current || audio.current.dataset.url !== url) {
      audio.current = new Audio(url);
      audio.current.dataset.url = url;
      audio.current.onpause = audio.current.onended = () => setOn(false);
      audio.current.onplay = () => setOn(true);
      audio.current.onerror = () => setFailed(true);
    }
    if (on) audio.current.pause();
    else AA.playOnly(audio.current).catch(() => setFailed(true));
  };
  return h(
    "button",
    {
      onClick: toggle, disabled: failed, "data-cy": "aa-play",
      title: failed ? "This sound cannot be played" : on ? "Stop" : title,
      "aria-label": on ? "Stop" : title,
      style: {
        width: size, height: size, borderRadius: "50%", border: "none", padding: 0,
        cursor: failed ? "not-allowed" : "pointer", background: failed ? "#777" : "#ff6d04",
        color: "#fff", display: "inline-flex", alignItems: "center", justifyContent: "center",
        flex: "none",
      },
    },
    AA.icon(failed ? "close" : on ? "pause" : "play", size * 0.65)
  );
};

// AA.register("MapView", Component): a component that a Python panel names in
// types.View(component="MapView", composite_view=True, ...); its props hold schema.view.
AA.register = (name, component) =>
  window.__fop__.registerComponent({
    name, label: name, component,
    type: window.__fop__.PluginComponentType.Component,
    activator: () => true,
  });

// In a component: const call = AA.useCall(); call(view.on_something, {params})
AA.useCall = () => window.__foo__.useTriggerPanelEvent();
