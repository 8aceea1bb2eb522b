// The panel "Clusters": cards sorted by size or purity, of a clustering that is chosen.
const { h } = AA;
const { useMemo, useState } = window.React;
const { Message, parse, style } = AA.windows;

const PAGE = 24;
const ORDERS = {
  size: ["largest first", (a, b) => b.size - a.size],
  pure: ["purest first", (a, b) => (b.purity ?? -1) - (a.purity ?? -1) || b.size - a.size],
  mixed: ["most mixed first", (a, b) => (a.purity ?? 2) - (b.purity ?? 2) || b.size - a.size],
  number: ["by number", (a, b) => a.cluster - b.cluster],
};

const Quality = ({ quality }) => {
  const names = { silhouette: "silhouette", dbcv: "DBCV" };
  const known = Object.entries(names).filter(([key]) => typeof quality[key] === "number");
  return known.length ? h("span", { style: style.muted, title: "-1 (bad) to 1 (good)" },
    known.map(([key, name]) => `${name} ${quality[key].toFixed(2)}`).join(" · ")) : null;
};

const ClustersView = (props) => {
  const view = props.schema.view;
  const call = AA.useCall();
  const [order, setOrder] = useState("size");
  const [more, setMore] = useState(1);
  const text = (props.data || {}).clusters;
  const shown = (props.data || {}).shown;
  const data = useMemo(() => parse(text), [text]);
  const cards = useMemo(() => {
    if (!data || !data.cards) return [];
    const sorted = data.cards.filter((c) => c.cluster >= 0).sort(ORDERS[order][1]);
    return [...sorted, ...data.cards.filter((c) => c.cluster < 0)]; // noise is last in any order
  }, [data, order]);
  if (!data) return h(Message, { text: "Loading the clusters …" });
  if (data.problem) return h(Message, { text: data.problem, name: "aa-clusters-problem" });
  const clusters = cards.filter((c) => c.cluster >= 0).length;
  return h("div", {
    "data-cy": "aa-clusters",
    style: { height: "100%", display: "flex", flexDirection: "column" },
  },
    h("div", { style: { display: "flex", gap: 8, padding: 8, flexWrap: "wrap",
      alignItems: "center", color: AA.color("text-primary"), fontSize: 13 } },
      h("select", {
        value: data.source, "data-cy": "aa-clusters-source", style: style.select,
        "aria-label": "Clustering",
        onChange: (event) => {
          setMore(1);
          call(view.choose, { source: event.target.value });
        },
      }, data.sources.map((s) => h("option", { key: s.id, value: s.id }, s.title))),
      h("select", {
        value: order, "data-cy": "aa-clusters-order", style: style.select, "aria-label": "Order",
        onChange: (event) => setOrder(event.target.value),
      }, Object.entries(ORDERS).map(([key, [name]]) => h("option", { key, value: key }, name))),
      h("span", { style: style.muted }, `${clusters} cluster${clusters === 1 ? "" : "s"}`),
      h(Quality, { quality: data.quality || {} })),
    h("div", {
      style: { flex: 1, minHeight: 0, overflowY: "auto", padding: "0 8px 8px", display: "grid",
        gap: 8, alignContent: "start",
        gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 380px), 1fr))" },
    },
      cards.slice(0, more * PAGE).map((card) =>
        h(AA.ClusterCard, {
          key: `${data.source}.${card.cluster}`, card, data,
          shown: shown === `${data.source}.${card.cluster}`,
          onShow: () => call(view.show_windows, { source: data.source, cluster: card.cluster }),
          onClear: () => call(view.clear, {}),
          onRename: (named) => call(view.rename, { source: data.source, ...named }),
        })),
      cards.length > more * PAGE
        ? h(AA.windows.PlainButton, { onClick: () => setMore(more + 1) }, "Show more clusters")
        : null));
};

AA.register("ClustersView", ClustersView);
