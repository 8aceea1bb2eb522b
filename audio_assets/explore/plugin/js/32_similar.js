// The samples that sound most like this one: a row of small spectrograms that play.
const React = window.React;
const { h } = AA;
const SHOWN = 20;

// A walk through what is similar to one sample: next and previous go along its list.
let walk = { ids: [], at: 0 };

AA.useSimilar = (dataset, id) => {
  const [checkpoint, setCheckpoint] = React.useState(AA.similarCheckpoint || null);
  const [found, setFound] = React.useState(null);
  const [problem, setProblem] = React.useState(null);
  React.useEffect(() => {
    let current = true;
    setFound(null);
    setProblem(null);
    AA.fetchJson(AA.similarUrl(dataset, id, { checkpoint, k: SHOWN })).then(
      (answer) => {
        if (!current) return;
        setFound(answer);
        const at = walk.ids.indexOf(id);
        if (at >= 0) walk.at = at;
        else walk = { ids: [id, ...answer.neighbours.map((n) => n.id)], at: 0 };
      },
      (error) => current && setProblem(error.message));
    return () => { current = false; };
  }, [dataset, id, checkpoint]);
  const go = (step) => {
    const next = walk.ids[walk.at + step];
    if (next) AA.openSample(next);
  };
  const choose = (name) => {
    AA.similarCheckpoint = name;
    walk = { ids: [], at: 0 };
    setCheckpoint(name);
  };
  return { found, problem, go, choose, at: walk.at, count: walk.ids.length };
};

const small = { background: "none", border: "none", color: AA.color("text-secondary"), padding: 0 };

AA.SimilarRow = ({ dataset, similar }) => {
  const { found, problem, choose } = similar;
  return h("div", { "data-cy": "aa-similar", style: { borderTop: `1px solid ${AA.color("primary-plainBorder")}`, paddingTop: 6 } },
    h("div", { style: { display: "flex", gap: 8, alignItems: "center", fontSize: 13, color: AA.color("text-secondary"), marginBottom: 4 } },
      "Most similar", found && found.checkpoints.length > 1
        ? h("select", { value: found.checkpoint, onChange: (e) => choose(e.target.value), style: AA.selectStyle, "aria-label": "Checkpoint" },
            found.checkpoints.map((name) => h("option", { key: name, value: name }, `by ${name}`)))
        : found && h("span", null, `by ${found.checkpoint}`),
      problem && h("span", null, problem)),
    h("div", { style: { display: "flex", gap: 6, overflowX: "auto", minHeight: 92, paddingBottom: 4 } },
      ((found && found.neighbours) || []).map((n) =>
        h("div", { key: n.id, "data-cy": "aa-neighbour", style: { flex: "none", width: 112 } },
          h("div", { style: { position: "relative" } },
            h("img", {
              src: "/media?filepath=" + encodeURIComponent(n.filepath || ""), alt: n.label || "", draggable: false,
              title: "Open this sample", onClick: () => AA.openSample(n.id),
              style: { width: 112, height: 64, objectFit: "fill", cursor: "pointer", display: "block", background: "#000" },
            }),
            h("div", { style: { position: "absolute", right: 4, bottom: 4 } }, h(AA.PlayButton, { dataset, sampleId: n.id, size: 24 }))),
          h("div", { style: { ...small, fontSize: 11, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" } },
            `${n.label || "no label"} · ${n.score.toFixed(2)}`)))));
};
