// The panel "Outliers": a ranked table with spectrograms that play.
const { h } = AA;
const { useMemo } = window.React;
const { Message, PlainButton, Thumbnail, parse, style } = AA.windows;

const cell = { padding: "4px 8px", textAlign: "left", verticalAlign: "middle" };
const HEADS = ["", "Score", "", "Label", "Cluster", "Recording"];

const Row = ({ row, rank, dataset }) =>
  h("tr", { "data-cy": "aa-outlier", style: { borderTop: `1px solid ${AA.color("divider")}` } },
    h("td", { style: { ...cell, ...style.muted } }, rank),
    h("td", { style: { ...cell, fontVariantNumeric: "tabular-nums" } }, row.score.toFixed(3)),
    h("td", { style: cell }, h(Thumbnail, { dataset, sampleId: row._id, label: row.label, picture: row.filepath,
      width: 110, height: 56 })),
    h("td", { style: cell }, row.label || "–"),
    h("td", { style: cell }, row.cluster || "–"),
    h("td", { style: { ...cell, overflowWrap: "anywhere" } }, row.path,
      h("span", { style: style.muted },
        ` ${AA.time(row.start_s)} – ${AA.time(row.end_s)}`)));

const OutliersView = (props) => {
  const view = props.schema.view;
  const call = AA.useCall();
  const text = (props.data || {}).outliers;
  const data = useMemo(() => parse(text), [text]);
  if (!data) return h(Message, { text: "Loading the outliers …" });
  if (data.problem) return h(Message, { text: data.problem, name: "aa-outliers-problem" });
  return h("div", {
    "data-cy": "aa-outliers",
    style: { height: "100%", display: "flex", flexDirection: "column",
      color: AA.color("text-primary") },
  },
    h("div", { style: { display: "flex", gap: 8, padding: 8, flexWrap: "wrap",
      alignItems: "center", fontSize: 13 } },
      h("select", {
        value: data.checkpoint, "data-cy": "aa-outliers-checkpoint", style: style.select,
        "aria-label": "Checkpoint",
        onChange: (event) => call(view.choose, { checkpoint: event.target.value }),
      }, data.checkpoints.map((name) => h("option", { key: name, value: name }, name))),
      h(PlainButton, { name: "aa-outliers-show", strong: true, disabled: !data.rows.length,
        title: "The grid, sorted by this score", onClick: () => call(view.show_in_grid, {}) },
        "Show in grid"),
      h(PlainButton, { name: "aa-outliers-clear", onClick: () => call(view.clear, {}),
        title: "The grid in its own order again" }, "Clear"),
      h("span", { style: style.muted },
        "0: as like its neighbours as they are to each other; towards 1: far from all")),
    data.rows.length
      ? h("div", { style: { flex: 1, minHeight: 0, overflowY: "auto" } },
        h("table", { style: { width: "100%", borderCollapse: "collapse", fontSize: 13 } },
          h("thead", null, h("tr", null, HEADS.map((head, i) =>
            h("th", { key: i, style: { ...cell, ...style.muted, position: "sticky", top: 0,
              background: AA.color("background-level2") } }, head)))),
          h("tbody", null, data.rows.map((row, i) =>
            h(Row, { key: row._id, row, rank: i + 1, dataset: data.dataset })))))
      : h(Message, { text: "No window of this view stands out.", name: "aa-outliers-none" }));
};

AA.register("OutliersView", OutliersView);
