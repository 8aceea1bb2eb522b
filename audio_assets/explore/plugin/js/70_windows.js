// What the panels of clusters and outliers share: small pictures that play, buttons, messages.
const { h } = AA;
const { useState } = window.React;

const style = {
  muted: { color: AA.color("text-secondary"), fontSize: 12 },
  box: {
    border: `1px solid ${AA.color("divider")}`, borderRadius: 6,
    background: AA.color("background-level1"), color: AA.color("text-primary"),
  },
  select: {
    height: 28, maxWidth: 320, borderRadius: 4, border: `1px solid ${AA.color("divider")}`,
    background: AA.color("background-level1"), color: AA.color("text-primary"),
  },
};

// The preview that a run drew: a file, so many of them cost the server nothing.
const preview = (path) =>
  window.__fos__ && window.__fos__.getSampleSrc
    ? window.__fos__.getSampleSrc(path) : `/media?filepath=${encodeURIComponent(path)}`;

const Thumbnail = ({ dataset, sampleId, label, picture, width, height = 76 }) => {
  const [lost, setLost] = useState(false);
  return h("div", { title: label || "no label", style: { position: "relative", width, height,
    borderRadius: 4, overflow: "hidden", background: "#000",
    ...(width ? { flex: "none" } : { flex: "1 1 0", minWidth: 64, maxWidth: 150 }) } },
    lost ? null : h("img", {
      src: picture ? preview(picture) : AA.spectrogramUrl(dataset, sampleId), loading: "lazy", alt: "Spectrogram",
      onError: () => setLost(true),
      style: { width: "100%", height: "100%", objectFit: "fill", display: "block" },
    }),
    h("div", { style: { position: "absolute", left: 4, bottom: 4 } },
      h(AA.PlayButton, { dataset, sampleId, size: 24, title: `Play ${label || ""}`.trim() })));
};

const PlainButton = ({ onClick, title, name, children, strong, disabled }) =>
  h("button", {
    onClick, title, disabled, "data-cy": name,
    style: {
      height: 28, padding: "0 10px", borderRadius: 4, fontSize: 13, whiteSpace: "nowrap",
      cursor: disabled ? "default" : "pointer", opacity: disabled ? 0.5 : 1,
      border: `1px solid ${strong ? "#ff6d04" : AA.color("divider")}`,
      background: strong ? "rgba(255,109,4,.22)" : AA.color("background-level2"),
      color: AA.color("text-primary"),
    },
  }, children);

const Message = ({ text, name }) =>
  h("div", { "data-cy": name, style: { padding: 24, color: AA.color("text-primary") } }, text);

const parse = (text) => {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
};

const percent = (share) => (share === null ? "–" : `${Math.round(100 * share)} %`);
const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

AA.windows = { Thumbnail, PlainButton, Message, parse, percent, count, style };
