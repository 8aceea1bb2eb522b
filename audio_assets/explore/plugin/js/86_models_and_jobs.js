// The panel "Models and jobs": add recordings, follow runs, see what each model has of this folder.
const { h } = AA;
const { useEffect, useRef, useState } = window.React;
const { Message, style } = AA.windows;
const EVERY_MS = 2000;

const Heading = ({ text }) =>
  h("h3", { style: { fontSize: 14, fontWeight: 600, margin: "16px 0 8px", color: AA.color("text-primary") } }, text);

const ModelsAndJobs = (props) => {
  const view = props.schema.view;
  const ask = AA.useAsk();
  const [data, setData] = useState(null);
  const [stale, setStale] = useState(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const alive = useRef(true);

  const load = async () => {
    try {
      const found = await ask(view.on_open, { by: AA.who() });
      if (!alive.current) return;
      setData(found);
      if (!found.folder) return;
      setStale(null);
      const answer = await ask(view.on_stale, {});
      if (alive.current) setStale(answer.states);
    } catch (error) {
      if (alive.current) setProblem(error.message);
    }
  };
  useEffect(() => {
    alive.current = true;
    load();
    return () => { alive.current = false; };
  }, []);

  const put = (run) => setData((now) => ({ ...now, runs: [run, ...now.runs.filter((r) => r.run_id !== run.run_id)] }));
  const start = async (params) => {
    setBusy(true);
    setProblem("");
    try {
      put(await ask(view.on_start, { ...params, by: AA.who() }));
    } catch (error) {
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };
  const live = ((data && data.runs) || []).filter((run) => run.state === "running" || run.state === "queued");
  useEffect(() => {
    if (!live.length) return undefined;
    const timer = setTimeout(async () => {
      for (const run of live) {
        try {
          const now = await ask(view.on_follow, { run_id: run.run_id });
          if (!alive.current) return;
          setData((old) => ({ ...old, runs: old.runs.map((r) => (r.run_id === now.run_id ? now : r)) }));
          if (now.state === "finished") {
            await ask(view.on_done, { folder: now.folder });
            load();
          }
        } catch (error) {
          if (alive.current) setProblem(error.message);
        }
      }
    }, EVERY_MS);
    return () => clearTimeout(timer);
  });

  if (!data) return h(Message, { text: problem || "Loading …", name: "aa-models-problem" });
  return h("div", { "data-cy": "aa-models", style: { height: "100%", overflowY: "auto", padding: 12, color: AA.color("text-primary"), fontSize: 13, boxSizing: "border-box" } },
    h("div", { style: { display: "flex", justifyContent: "space-between" } },
      h("h3", { style: { fontSize: 14, fontWeight: 600, margin: "0 0 8px" } }, "Add recordings"),
      h(AA.Who, { known: data.person })),
    h(AA.DropRecordings, {
      dataset: data.folder,
      onLanded: (landed) => [...new Set(landed.map((one) => one.folder))].forEach((folder) => start({ folder })),
    }),
    problem && h("div", { role: "alert", "data-cy": "aa-models-error", style: { color: "#ff8a80", marginTop: 8 } }, problem),
    h(Heading, { text: "Runs" }),
    data.runs.length ? data.runs.map((run) => h(AA.RunRow, {
      key: run.run_id, run, open: data.folder,
      onGo: (folder) => ask(view.on_go, { folder }).catch((error) => setProblem(error.message)),
    })) : h("div", { style: style.muted }, "Nothing was run from here yet."),
    h(Heading, { text: data.folder ? `Models, and what ${data.folder} has of them` : "Models" }),
    data.models.map((model) => h(AA.ModelRow, {
      key: model.name, model, folder: data.folder, busy, looking: !stale || !(model.name in stale),
      stale: stale && stale[model.name], onRun: (checkpoint) => start({ folder: data.folder, checkpoint }),
    })));
};

AA.register("ModelsAndJobs", ModelsAndJobs);
