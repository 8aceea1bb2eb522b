// Compare checkpoints: two maps of the same windows, linked; shared neighbours; quality.
const { h } = AA;
const { useEffect, useMemo, useState } = window.React;

const KINDS = { umap: "UMAP", tsne: "t-SNE" };
const percent = (v) => (v === null || v === undefined ? "–" : `${(100 * v).toFixed(1)} %`);
const SHARED = "Shared neighbours";

const MEASURES = [
  ["Windows", (q) => q.windows.toLocaleString()],
  ["Numbers per vector", (q) => q.dim.toLocaleString()],
  ["Class guessed right from 5 neighbours", (q) => percent(q.knn_accuracy), (q) => q.knn_accuracy],
  ["Neighbours of the same class", (q) => percent(q.precision_at_k), (q) => q.precision_at_k],
  ["Clusters", (q) => (q.clusters ? q.clusters.clusters : "–")],
  ["Not in any cluster", (q) => percent(q.clusters && q.clusters.noise)],
  ["Clusters fit the classes (ARI)", (q) => (q.clusters && q.clusters.labels && q.clusters.labels.ari != null ? q.clusters.labels.ari.toFixed(2) : "–"), (q) => q.clusters && q.clusters.labels && q.clusters.labels.ari],
  ["Purity of the clusters", (q) => percent(q.clusters && q.clusters.labels && q.clusters.labels.purity), (q) => q.clusters && q.clusters.labels && q.clusters.labels.purity],
];

const Quality = ({ names, found }) => {
  const cell = { padding: "3px 12px 3px 0", textAlign: "right", whiteSpace: "nowrap" };
  return h("table", { "data-cy": "aa-quality", style: { borderCollapse: "collapse", fontSize: 13 } },
    h("thead", null, h("tr", null, h("th", { style: { ...cell, textAlign: "left" } }, "Quality"),
      names.map((name) => h("th", { key: name, style: cell }, name)))),
    h("tbody", null, MEASURES.map(([title, text, value]) => {
      const values = names.map((n) => (value && found[n] && !found[n].error ? value(found[n]) : null));
      const best = value && values.every((v) => typeof v === "number") && values[0] !== values[1] ? Math.max(...values) : null;
      return h("tr", { key: title, style: { borderTop: `1px solid ${AA.color("divider")}` } },
        h("td", { style: { ...cell, textAlign: "left", color: AA.color("text-secondary") } }, title),
        names.map((n, i) => h("td", { key: n, style: { ...cell, fontWeight: best !== null && values[i] === best ? 700 : 400 } },
          !found[n] ? "…" : found[n].error ? "–" : text(found[n]))));
    })));
};

const Compare = (props) => {
  const view = props.schema.view, ask = AA.useAsk(), play = AA.useSound();
  const grid = AA.useSelectedSamples();
  const [wanted, setWanted] = useState({});
  const [data, setData] = useState(null);
  const [message, setMessage] = useState("Opening the maps …");
  const [note, setNote] = useState("");
  const [kind, setKind] = useState("umap");
  const [color, setColor] = useState("Class");
  const [tool, setTool] = useState("lasso");
  const [chosen, setChosen] = useState(null);
  const [hover, setHover] = useState([-1, 0, 0]);
  const [picked, setPicked] = useState(-1);
  const [quality, setQuality] = useState({});

  useEffect(() => {
    let live = true;
    ask(view.on_open, wanted).then((found) => {
      if (!live) return;
      setData(found);
      setMessage("");
      setChosen(null);
      setPicked(-1);
      setKind((k) => (found.maps[k] ? k : Object.keys(found.maps)[0]));
      setColor((c) => (c === SHARED || found.colourings.some((one) => one.title === c) ? c : found.colourings.length ? found.colourings[0].title : SHARED));
      for (const name of [found.first, found.second])
        ask(view.on_quality, { checkpoint: name, k: found.k })
          .then((q) => setQuality((old) => ({ ...old, [name]: q })))
          .catch((error) => setQuality((old) => ({ ...old, [name]: { error: error.message } })));
    }).catch((error) => { if (live) { setData(null); setMessage(error.message); } });
    return () => { live = false; };
  }, [wanted]);

  const viewText = (props.data || {}).in_view;
  const inView = useMemo(() => {
    const ids = data && viewText ? JSON.parse(viewText) : null;
    if (!ids) return null;
    const among = new Set(ids);
    return among.size < data.ids.length ? Uint8Array.from(data.ids, (id) => (among.has(id) ? 1 : 0)) : null;
  }, [viewText, data]);
  const maps = useMemo(
    () => (data && kind && data.maps[kind] ? data.maps[kind].map((axes) => AA.normalised(axes)) : null),
    [data, kind]
  );
  const colouring = useMemo(() => {
    if (!data) return null;
    return color === SHARED ? AA.shares(SHARED, data.overlap) : data.colourings.find((one) => one.title === color);
  }, [data, color]);
  const codes = useMemo(() => colouring && Uint16Array.from(colouring.codes), [colouring]);
  const marked = useMemo(() => (data && grid.length ? grid.map((id) => data.ids.indexOf(id)) : []), [data, grid.join()]);
  const overlapOf = useMemo(() => {
    if (!data || !chosen) return null;
    let sum = 0, n = 0;
    chosen.forEach((c, i) => { if (c) { sum += data.overlap[i]; n++; } });
    return n ? sum / n : null;
  }, [data, chosen]);

  if (!data) return h(AA.Frame, { id: "aa-compare" }, h(AA.Message, { text: message }));
  const names = [data.first, data.second];
  const say = (promise, text) => promise.then((r) => setNote(text ? text(r) : "")).catch((e) => setNote(e.message));
  const pair = { first: data.first, second: data.second, k: data.k };
  const ids = () => data.ids.filter((id, i) => id && chosen && chosen[i]);
  const nameOf = (i) => (data.colourings[0] ? data.colourings[0].names[data.colourings[0].codes[i]] : "Window");
  const kinds = Object.keys(data.maps);
  const number = AA.count(chosen);
  return h(AA.Frame, { id: "aa-compare" },
    h(AA.Row, null,
      [0, 1].map((side) => h(AA.Choice, {
        key: side, label: side ? "with" : "Compare", value: names[side], id: `aa-checkpoint-${side}`,
        options: data.checkpoints.filter((n) => n !== names[1 - side] || data.checkpoints.length === 2).map((n) => [n, n]),
        onChange: (n) => { const next = [...names]; next[side] = n; if (n === names[1 - side]) next[1 - side] = names[side]; setWanted({ first: next[0], second: next[1] }); },
      })),
      kinds.length > 1 && h(AA.Choice, { label: "Map", value: kind, id: "aa-kind", options: kinds.map((k) => [k, KINDS[k]]), onChange: setKind }),
      h(AA.Choice, { label: "Colour", value: color, id: "aa-color", options: [...data.colourings.map((one) => [one.title, one.title]), [SHARED, SHARED]], onChange: setColor }),
      h(AA.Tools, { tool, onChange: setTool, tools: [["lasso", "Lasso", "Draw around points"], ["box", "Box", "Draw a box"], ["move", "Move", "Drag the map (or hold shift); the wheel zooms"]] })),
    maps
      ? h("div", { style: { flex: "1 1 auto", minHeight: 160, display: "flex", gap: 10 } },
        names.map((name, side) => h("div", { key: name, style: { flex: 1, minWidth: 0, display: "flex", flexDirection: "column", gap: 4 } },
          h("b", { style: { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" } }, name),
          h("div", { style: { flex: 1, minHeight: 0, position: "relative", background: AA.color("background-level1"), borderRadius: 6, overflow: "hidden" } },
            h(AA.Scatter, {
              name: side ? "second" : "first", axes: maps[side], colors: codes, palette: colouring.colors,
              bright: chosen || inView, ring: hover[0] >= 0 ? hover[0] : picked, marked, tool,
              onSelect: (mask) => { setChosen(mask); setNote(""); },
              onHover: (i, x, y) => setHover((old) => (old[0] === i && i < 0 ? old : [i, x, y])),
              onPick: (i) => { setPicked(i); if (data.ids[i]) play(data.ids[i]); },
            })))))
      : h(AA.Message, { text: "These two checkpoints have no map in common: UMAP and t-SNE were switched off when they were run." }),
    h(AA.Legend, { colouring, onChoose: setChosen }),
    h(AA.Row, { style: { minHeight: 28 } },
      h("span", { "data-cy": "aa-chosen" }, number
        ? `${number.toLocaleString()} of ${data.ids.length.toLocaleString()} windows selected, ${percent(overlapOf)} shared neighbours`
        : `${percent(data.mean_overlap)} of the ${data.k} nearest neighbours are shared (by chance ${percent(data.chance)})`),
      number > 0 && h(AA.Push, { text: "Show in the grid", strong: true, id: "aa-show", onClick: () => setNote(AA.showSamples(ids())) }),
      number > 0 && h(AA.Push, { text: "Clear", id: "aa-clear", onClick: () => setChosen(null) }),
      !number && h(AA.Push, { text: "Where they disagree", id: "aa-disagree", title: "Show the windows with the fewest shared neighbours, the fewest first", onClick: () => say(ask(view.on_disagree, pair), (r) => `${r.shown} in the grid, the least shared first`) }),
      !number && h(AA.Push, { text: "Keep as a field", id: "aa-keep", title: "Write the share of every window into a field, to filter and sort by", onClick: () => say(ask(view.on_keep, pair), (r) => `Written to ${r.field}`) }),
      picked >= 0 && data.ids[picked] && h(AA.Push, { text: `Open ${nameOf(picked)}`, id: "aa-open", onClick: () => say(ask(view.on_sample, { id: data.ids[picked] })) }),
      h("span", { "data-cy": "aa-note", style: { color: AA.color("text-secondary") } }, note)),
    h("div", { style: { overflow: "auto", flex: "0 1 auto", minHeight: 60 } }, h(Quality, { names, found: quality })),
    hover[0] >= 0 && data.ids[hover[0]] && h(AA.HoverCard, {
      id: data.ids[hover[0]], x: hover[1], y: hover[2], title: nameOf(hover[0]),
      lines: [`${percent(data.overlap[hover[0]])} shared neighbours`, "Click to listen"],
    }));
};

AA.register("CompareCheckpoints", Compare);
