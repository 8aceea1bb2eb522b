// 3-D map: the embedding space to turn around in.
const { h } = AA;
const { useEffect, useMemo, useState } = window.React;

const KINDS = [["umap", "UMAP"], ["tsne", "t-SNE"]];

const Map3d = (props) => {
  const view = props.schema.view, ask = AA.useAsk(), play = AA.useSound();
  const grid = AA.useSelectedSamples();
  const [wanted, setWanted] = useState({ kind: "umap" });
  const [data, setData] = useState(null);
  const [message, setMessage] = useState("Opening the map …");
  const [busy, setBusy] = useState(false);
  const [note, setNote] = useState("");
  const [color, setColor] = useState(null);
  const [tool, setTool] = useState("move");
  const [chosen, setChosen] = useState(null);
  const [hover, setHover] = useState([-1, 0, 0]);
  const [picked, setPicked] = useState(-1);

  const open = (compute) => {
    setBusy(true);
    ask(compute ? view.on_compute : view.on_open, wanted).then((found) => {
      setData(found);
      setMessage("");
      setChosen(null);
      setPicked(-1);
      setColor((c) => (found.colourings.some((one) => one.title === c) ? c : found.colourings.length ? found.colourings[0].title : null));
    }).catch((error) => setMessage(error.message)).finally(() => setBusy(false));
  };
  useEffect(() => open(false), [wanted]);

  const axes = useMemo(() => (data && data.axes ? AA.normalised(data.axes) : null), [data]);
  const colouring = useMemo(() => {
    if (!data || !data.ids) return null;
    return data.colourings.find((one) => one.title === color) || { title: "All", codes: data.ids.map(() => 0), names: ["All"], colors: ["#2f7ed8"] };
  }, [data, color]);
  const codes = useMemo(() => colouring && Uint16Array.from(colouring.codes), [colouring]);
  const marked = useMemo(() => (data && data.ids && grid.length ? grid.map((id) => data.ids.indexOf(id)) : []), [data, grid.join()]);

  if (!data) return h(AA.Frame, { id: "aa-map-3d" }, h(AA.Message, { text: message }));
  const say = (promise, text) => promise.then((r) => setNote(text ? text(r) : "")).catch((e) => setNote(e.message));
  const nameOf = (i) => (colouring.title === "All" ? "Window" : colouring.names[colouring.codes[i]]);
  const number = AA.count(chosen);
  return h(AA.Frame, { id: "aa-map-3d" },
    h(AA.Row, null,
      data.checkpoints.length > 1 && h(AA.Choice, { label: "Checkpoint", value: data.checkpoint, id: "aa-checkpoint", options: data.checkpoints.map((n) => [n, n]), onChange: (n) => setWanted({ ...wanted, checkpoint: n }) }),
      h(AA.Choice, { label: "Map", value: wanted.kind, id: "aa-kind", options: KINDS, onChange: (k) => setWanted({ ...wanted, kind: k }) }),
      data.colourings.length > 1 && h(AA.Choice, { label: "Colour", value: color, id: "aa-color", options: data.colourings.map((one) => [one.title, one.title]), onChange: setColor }),
      h(AA.Tools, { tool, onChange: setTool, tools: [["move", "Turn", "Drag to turn, shift-drag to shift, the wheel zooms"], ["lasso", "Lasso", "Draw around points"]] })),
    axes
      ? h("div", { style: { flex: 1, minHeight: 160, position: "relative", background: AA.color("background-level1"), borderRadius: 6, overflow: "hidden" } },
        h(AA.Scatter, {
          name: "3d", axes, colors: codes, palette: colouring.colors, bright: chosen, ring: hover[0] >= 0 ? hover[0] : picked, marked, tool,
          onSelect: setChosen,
          onHover: (i, x, y) => setHover((old) => (old[0] === i && i < 0 ? old : [i, x, y])),
          onPick: (i) => { setPicked(i); if (data.ids[i]) play(data.ids[i]); },
        }))
      : h("div", { style: { flex: 1, display: "flex", flexDirection: "column", gap: 12, alignItems: "flex-start", padding: 24 } },
        h("span", { style: { lineHeight: 1.5 } }, `There is no three-dimensional ${wanted.kind === "umap" ? "UMAP" : "t-SNE"} map of ${data.windows.toLocaleString()} windows yet. ${data.estimate}`),
        h(AA.Push, { text: busy ? "Computing …" : "Compute it now", strong: true, disabled: busy, id: "aa-compute", onClick: () => open(true) })),
    axes && h(AA.Legend, { colouring, onChoose: setChosen }),
    h(AA.Row, { style: { minHeight: 28 } },
      h("span", { "data-cy": "aa-chosen" }, number ? `${number.toLocaleString()} of ${data.windows.toLocaleString()} windows selected` : `${data.windows.toLocaleString()} windows. Drag to turn, click a point to listen`),
      number > 0 && h(AA.Push, { text: "Show in the grid", strong: true, id: "aa-show", onClick: () => setNote(AA.showSamples(data.ids.filter((id, i) => id && chosen[i]))) }),
      number > 0 && h(AA.Push, { text: "Clear", id: "aa-clear", onClick: () => setChosen(null) }),
      picked >= 0 && data.ids && data.ids[picked] && h(AA.Push, { text: `Open ${nameOf(picked)}`, id: "aa-open", onClick: () => say(ask(view.on_sample, { id: data.ids[picked] })) }),
      h("span", { "data-cy": "aa-note", style: { color: AA.color("text-secondary") } }, note || message)),
    axes && hover[0] >= 0 && data.ids[hover[0]] && h(AA.HoverCard, { id: data.ids[hover[0]], x: hover[1], y: hover[2], title: nameOf(hover[0]), lines: ["Click to listen"] }));
};

AA.register("Map3d", Map3d);
