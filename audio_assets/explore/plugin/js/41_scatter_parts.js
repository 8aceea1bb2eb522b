// What the panels with maps share: controls, legend, card of the point under the cursor.
const { h } = AA;
const { useEffect, useRef, useState } = window.React;

const line = { border: `1px solid ${AA.color("divider")}` };
const control = {
  ...line, background: AA.color("background-level3"), color: AA.color("text-primary"), borderRadius: 4,
  font: "inherit", fontSize: 13, height: 28, padding: "0 8px", cursor: "pointer", maxWidth: 190,
};

// Make samples the view of the grid; what to say about it.
AA.showSamples = (ids) => {
  if (!ids.length) return "None of these windows is in the App";
  const kwargs = [["sample_ids", ids], ["ordered", false]];
  window.__foo__.executeOperator("set_view",
    { view: [{ _cls: "fiftyone.core.stages.Select", kwargs }] });
  return `${ids.length.toLocaleString()} in the grid`;
};

AA.Choice = ({ label, value, options, onChange, id }) =>
  h("label", { style: { display: "inline-flex", alignItems: "center", gap: 6, whiteSpace: "nowrap" } },
    label && h("span", { style: { color: AA.color("text-secondary") } }, label),
    h("select", { value, style: control, "data-cy": id, onChange: (e) => onChange(e.target.value) },
      options.map(([key, text]) => h("option", { key, value: key }, text))));

AA.Push = ({ text, onClick, on, id, title, disabled, strong }) =>
  h("button", {
    onClick, title, disabled, "data-cy": id, "aria-pressed": on,
    style: {
      ...control, cursor: disabled ? "default" : "pointer", opacity: disabled ? 0.45 : 1,
      ...(on || strong ? { background: "#ff6d04", borderColor: "#ff6d04", color: "#fff" } : {}),
    },
  }, text);

AA.Tools = ({ tool, tools, onChange }) =>
  h("span", { style: { display: "inline-flex", gap: 4 } },
    tools.map(([key, text, title]) =>
      h(AA.Push, { key, text, title, id: `aa-tool-${key}`, on: tool === key, onClick: () => onChange(key) })));

AA.Message = ({ text }) =>
  h("div", { "data-cy": "aa-message", style: { padding: 24, maxWidth: 560, lineHeight: 1.5, color: AA.color("text-secondary") } }, text);

AA.Frame = ({ children, id }) =>
  h("div", {
    "data-cy": id,
    style: {
      position: "absolute", inset: 0, display: "flex", flexDirection: "column", gap: 8, padding: 10,
      boxSizing: "border-box", color: AA.color("text-primary"), fontSize: 13, overflow: "hidden",
    },
  }, children);

AA.Row = ({ children, style }) =>
  h("div", { style: { display: "flex", flexWrap: "wrap", gap: 10, alignItems: "center", ...style } }, children);

// A click on a name chooses its points.
AA.Legend = ({ colouring, onChoose, most = 24 }) => {
  const counts = new Array(colouring.names.length).fill(0);
  colouring.codes.forEach((c) => counts[c]++);
  const shown = colouring.names.slice(0, most);
  return h("div", {
    "data-cy": "aa-legend",
    style: { display: "flex", flexWrap: "wrap", gap: "2px 10px", maxHeight: 62, overflowY: "auto" },
  },
    shown.map((name, code) =>
      h("button", {
        key: name, title: `Select ${counts[code].toLocaleString()} windows`,
        onClick: () => onChoose(Uint8Array.from(colouring.codes, (c) => (c === code ? 1 : 0))),
        style: { background: "none", border: 0, padding: 0, color: "inherit", font: "inherit", cursor: "pointer", display: "inline-flex", alignItems: "center", gap: 5 },
      },
        h("span", { style: { width: 10, height: 10, borderRadius: 5, background: colouring.colors[code] } }),
        name, h("span", { style: { color: AA.color("text-secondary") } }, counts[code].toLocaleString()))),
    colouring.names.length > most &&
      h("span", { style: { color: AA.color("text-secondary") } }, `and ${colouring.names.length - most} more`));
};

// From red (0) over yellow to blue (1), in eleven steps; told apart by the colour-blind too.
const STEPS = ["#b2182b", "#ca4a3f", "#df7b5b", "#f0a97c", "#f7cf9b", "#f2e9b8", "#c7e0c8", "#94c7d0", "#62a6cb", "#3a80b9", "#2166ac"];
AA.shares = (title, values) => {
  const codes = values.map((v) => Math.max(0, Math.min(10, Math.round(v * 10))));
  return { title, codes, names: STEPS.map((_, i) => `${i * 10} %`), colors: STEPS };
};

// The window under the cursor: its spectrogram and name; waits a moment before it loads a picture.
AA.HoverCard = ({ id, x, y, title, lines }) => {
  const [ready, setReady] = useState(null);
  useEffect(() => {
    const timer = setTimeout(() => setReady(id), 120);
    return () => clearTimeout(timer);
  }, [id]);
  if (!id) return null;
  const left = Math.min(x + 16, window.innerWidth - 260), top = Math.min(y + 16, window.innerHeight - 190);
  return window.ReactDOM.createPortal(
    h("div", {
      "data-cy": "aa-hover",
      style: {
        position: "fixed", left, top, width: 236, zIndex: 9999, pointerEvents: "none", borderRadius: 6, overflow: "hidden",
        background: AA.color("background-level1"), color: AA.color("text-primary"), fontSize: 12, boxShadow: "0 4px 18px rgba(0,0,0,.5)", ...line,
      },
    },
      ready === id && h("img", { src: AA.spectrogramUrl(AA.dataset(), id), alt: "", onError: (e) => { e.target.style.display = "none"; }, style: { width: "100%", maxHeight: 120, objectFit: "fill", display: "block" } }),
      h("div", { style: { padding: "6px 8px", lineHeight: 1.5 } },
        h("b", null, title), (lines || []).map((text) => h("div", { key: text, style: { color: AA.color("text-secondary") } }, text)))),
    document.body);
};

// One player for a panel: play(id) starts a window's sound and stops the one before.
AA.useSound = () => {
  const audio = useRef(null);
  const stop = () => audio.current && audio.current.pause();
  useEffect(() => stop, []);
  return (id) => {
    stop();
    audio.current = new Audio(AA.soundUrl(AA.dataset(), id));
    Promise.resolve(AA.playOnly(audio.current)).catch(() => {});
  };
};

// ask(uri, params) of a panel's event → promise of its result; an {error} becomes a rejection.
AA.useAsk = () => {
  const call = AA.useCall();
  return (uri, params) =>
    new Promise((resolve, reject) => {
      call(uri, params || {}, false, (answer) => {
        const result = answer && answer.result;
        const failed = (answer && answer.error) || (result && result.error);
        if (failed) reject(new Error(typeof failed === "string" ? failed : "This did not work; the server's log says why."));
        else resolve(result);
        return false;
      });
    });
};

AA.count = (mask) => (mask ? mask.reduce((a, b) => a + b, 0) : 0);

// Ids of samples that are selected in the grid.
AA.useSelectedSamples = () => {
  const atom = window.__fos__ && window.__fos__.selectedSamples;
  const found = atom ? window.recoil.useRecoilValue(atom) : null;
  if (!found) return [];
  return found instanceof Map ? [...found.keys()] : [...found].map((s) => (typeof s === "string" ? s : s.id));
};
