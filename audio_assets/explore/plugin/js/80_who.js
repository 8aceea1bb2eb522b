// Who labels in this browser: asked once, kept here, sent along with every answer.
const { h } = AA;
const { useState } = window.React;
const KEY = "audio_assets.who";

const stored = () => {
  try {
    return window.localStorage.getItem(KEY) || "";
  } catch {
    return ""; // a browser that keeps nothing
  }
};

AA.who = stored;

// Shows who is labelling, and lets it be changed; `known` is the account's name.
AA.Who = ({ known, onChange }) => {
  const [name, setName] = useState(stored);
  const [editing, setEditing] = useState(false);
  const keep = (value) => {
    const text = value.trim().slice(0, 80);
    try {
      window.localStorage.setItem(KEY, text);
    } catch {} // then it is asked again next time
    setName(text);
    setEditing(false);
    if (onChange) onChange(text);
  };
  if (editing)
    return h("input", {
      autoFocus: true, defaultValue: name || known || "", "aria-label": "Your name", "data-cy": "aa-who-input",
      maxLength: 80, style: { ...AA.windows.style.select, width: 140, padding: "0 6px" },
      onBlur: (e) => keep(e.target.value),
      onKeyDown: (e) => {
        e.stopPropagation();
        if (e.key === "Enter") keep(e.target.value);
        if (e.key === "Escape") setEditing(false);
      },
    });
  return h("button", {
    onClick: () => setEditing(true), "data-cy": "aa-who",
    title: "Your name is kept with every answer. Click to change it.",
    style: { background: "none", border: "none", padding: 0, cursor: "pointer", fontSize: 13,
      color: AA.color("text-secondary"), textDecoration: "underline dotted" },
  }, `You are ${name || known || "…"}`);
};
