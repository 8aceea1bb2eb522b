// One cluster: how large and how pure it is, what stands for it, and the name a person gives it.
const { h } = AA;
const { useState } = window.React;
const { Thumbnail, PlainButton, percent, count, style } = AA.windows;

const PERSON = "audio_assets.who"; // of 80_who.js

const titleOf = (card) => {
  if (card.cluster < 0) return "Noise";
  return card.name ? card.name : `Cluster ${card.cluster}`;
};

const When = ({ card }) => {
  if (!card.name) return null;
  const day = card.named_at ? ` on ${card.named_at.slice(0, 10)}` : "";
  return h("span", { style: style.muted, "data-cy": "aa-cluster-named" },
    `cluster ${card.cluster} · named by ${card.named_by || "unknown"}${day}`);
};

const Labels = ({ card }) => {
  if (!card.labelled) return h("div", { style: style.muted }, "no labels yet");
  const others = card.labels.slice(1).map(([label, n]) => `${label} ${n}`).join(", ");
  return h("div", null,
    h("div", { style: { display: "flex", height: 6, borderRadius: 3, overflow: "hidden",
      background: AA.color("background-level3") } },
      h("div", { style: { width: `${100 * card.purity}%`, background: "#2e9e44" } })),
    h("div", { style: { fontSize: 13, marginTop: 4 } },
      h("b", { "data-cy": "aa-cluster-majority" }, `${percent(card.purity)} ${card.labels[0][0]}`),
      others ? h("span", { style: style.muted }, ` · ${others}`) : null,
      card.labelled < card.size
        ? h("span", { style: style.muted }, ` · ${card.size - card.labelled} without a label`)
        : null));
};

const Rename = ({ card, labels, person, onRename, onClose }) => {
  const [label, setLabel] = useState(card.name || (card.labels[0] || [""])[0]);
  const [by, setBy] = useState(localStorage.getItem(PERSON) || person || "");
  const free = card.size - card.labelled;
  const other = card.labelled - ((card.labels.find(([l]) => l === label.trim()) || [0, 0])[1]);
  const give = (only) => {
    localStorage.setItem(PERSON, by);
    onRename({ cluster: card.cluster, label: label.trim(), by, only_unlabelled: only });
    onClose();
  };
  const field = (value, set, name, hint, list) =>
    h("input", {
      value, placeholder: hint, "aria-label": hint, "data-cy": name, list,
      onChange: (event) => set(event.target.value),
      style: { ...style.select, border: "1px solid rgba(128,128,128,.6)", padding: "0 8px",
        minWidth: 0, flex: 1 },
    });
  return h("div", { style: { display: "flex", flexDirection: "column", gap: 6 },
    "data-cy": "aa-cluster-form" },
    h("div", { style: { display: "flex", gap: 6 } },
      field(label, setLabel, "aa-cluster-label", "Name", `aa-labels-${card.cluster}`),
      field(by, setBy, "aa-cluster-by", "Your name")),
    h("datalist", { id: `aa-labels-${card.cluster}` },
      labels.map((l) => h("option", { key: l, value: l }))),
    other > 0 ? h("div", { style: style.muted },
      `${count(other, "window")} would get this label in place of another one.`) : null,
    h("div", { style: { display: "flex", gap: 6, flexWrap: "wrap" } },
      h(PlainButton, { name: "aa-cluster-all", strong: true, disabled: !label.trim(),
        title: "The label of every window of this cluster", onClick: () => give(false) },
        `Label ${count(card.size, "window")}`),
      free && free < card.size ? h(PlainButton, { name: "aa-cluster-free",
        disabled: !label.trim(), title: "Windows that have a label keep it",
        onClick: () => give(true) }, `Only the ${free} without a label`) : null,
      h(PlainButton, { name: "aa-cluster-cancel", onClick: onClose }, "Cancel")));
};

const ClusterCard = ({ card, data, shown, onShow, onClear, onRename }) => {
  const [naming, setNaming] = useState(false);
  return h("div", {
    "data-cy": "aa-cluster-card", "data-cluster": card.cluster,
    style: { ...style.box, padding: 12, display: "flex", flexDirection: "column", gap: 8,
      outline: shown ? "2px solid #ff6d04" : "none" },
  },
    h("div", { style: { display: "flex", alignItems: "baseline", gap: 8, flexWrap: "wrap" } },
      h("b", { style: { fontSize: 16 } }, titleOf(card)),
      h(When, { card }),
      h("span", { style: { ...style.muted, marginLeft: "auto" } },
        `${count(card.size, "window")} · ${percent(card.share)}`)),
    h(Labels, { card }),
    h("div", { style: { display: "flex", gap: 6, overflowX: "auto" } },
      card.exemplars.map((window) =>
        h(Thumbnail, { key: window.sample_id, dataset: data.dataset, sampleId: window.sample_id,
          label: window.label, picture: window.picture }))),
    card.cluster < 0 ? h("div", { style: style.muted }, "In no cluster; the farthest first") : null,
    naming
      ? h(Rename, { card, labels: data.labels, person: data.person, onRename,
        onClose: () => setNaming(false) })
      : h("div", { style: { display: "flex", gap: 6 } },
        shown
          ? h(PlainButton, { name: "aa-cluster-clear", strong: true, onClick: onClear },
            "Show everything")
          : h(PlainButton, { name: "aa-cluster-show", onClick: onShow,
            title: "Its windows become the view" }, "Show its windows"),
        h(PlainButton, { name: "aa-cluster-rename", onClick: () => setNaming(true),
          title: "Give its windows a label" }, card.name ? "Rename" : "Name it")));
};

AA.ClusterCard = ClusterCard;
