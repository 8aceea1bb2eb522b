// Parts of the panel "Models and jobs": where files are dropped, a run, a model.
const { h } = AA;
const { useRef, useState } = window.React;
const { PlainButton, style } = AA.windows;
const SOUNDS = ".wav,.wave,.flac,.ogg,.oga,.opus,.mp3,.aif,.aiff,.aifc,.au,.caf,.w64,.m4a,.mp4,.aac";

// Sends one file as it is; nothing is held in memory. Resolves to {folder, path, new} or {error}.
const send = (file, dataset, folder, onProgress) =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("PUT", "/audio_assets/recordings" + AA.query({ name: file.name, dataset, folder: folder || undefined }));
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => {
      try {
        resolve(JSON.parse(request.responseText));
      } catch {
        resolve({ error: "The server's answer was not understood." });
      }
    };
    request.onerror = () => resolve({ error: "The connection broke off. Try again." });
    request.send(file);
  });

AA.DropRecordings = ({ dataset, onLanded }) => {
  const chooser = useRef(null);
  const [over, setOver] = useState(false);
  const [items, setItems] = useState([]);
  const [busy, setBusy] = useState(false);
  const take = async (list) => {
    const files = [...list];
    if (!files.length || busy) return;
    setBusy(true);
    setItems(files.map((file) => ({ name: file.name, share: 0 })));
    const put = (i, change) => setItems((now) => now.map((item, j) => (i === j ? { ...item, ...change } : item)));
    const landed = [];
    for (let i = 0; i < files.length; i += 1) {
      const answer = await send(files[i], dataset, null, (share) => put(i, { share }));
      put(i, { share: 1, ...answer, done: true });
      if (!answer.error) landed.push(answer);
    }
    setBusy(false);
    if (landed.length) onLanded(landed);
  };
  return h("div", null,
    h("div", {
      "data-cy": "aa-drop", role: "button", tabIndex: 0,
      onClick: () => chooser.current.click(),
      onKeyDown: (event) => event.key === "Enter" && chooser.current.click(),
      onDragOver: (event) => { event.preventDefault(); setOver(true); },
      onDragLeave: () => setOver(false),
      onDrop: (event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files); },
      style: {
        border: `2px dashed ${over ? "#ff6d04" : AA.color("primary-plainBorder")}`, borderRadius: 6, padding: 16,
        textAlign: "center", cursor: "pointer", background: over ? "rgba(255,109,4,.12)" : "transparent",
      },
    },
      busy ? "Receiving …" : "Drop recordings here, or click to choose files",
      h("div", { style: style.muted }, "They are checked, kept once, and a run makes them samples.")),
    h("input", { ref: chooser, type: "file", multiple: true, accept: SOUNDS, "data-cy": "aa-choose-files", style: { display: "none" },
      onChange: (event) => { take(event.target.files); event.target.value = ""; } }),
    items.length > 0 && h("ul", { style: { listStyle: "none", padding: 0, margin: "8px 0 0" }, "data-cy": "aa-arrived" },
      items.map((item, i) => h("li", { key: i, style: { display: "flex", gap: 8, padding: "2px 0", fontSize: 13 } },
        h("span", { style: { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", maxWidth: 260, flex: "none" }, title: item.name }, item.name),
        h("span", { style: { color: item.error ? "#ff8a80" : AA.color("text-secondary") } },
          item.error || (item.done ? (item.new ? `landed in ${item.folder}` : `was there already, in ${item.folder}`) : `${Math.round(100 * item.share)} %`))))));
};

const COLORS = { finished: "#2e9e44", failed: "#d62f3c", canceled: "#8a8f98", running: "#ff6d04", queued: "#a88400" };

AA.Chip = ({ text, color, title, cy }) =>
  h("span", { title, "data-cy": cy, style: { border: `1px solid ${color}`, color: AA.color("text-primary"), borderRadius: 10, padding: "1px 8px", fontSize: 12, whiteSpace: "nowrap" } }, text);

AA.RunRow = ({ run, open, onGo }) => {
  const live = run.state === "running" || run.state === "queued";
  const failed = run.failed || [];
  return h("div", { "data-cy": "aa-run", "data-state": run.state, "data-folder": run.folder, style: { ...style.box, padding: 8, marginBottom: 6 } },
    h("div", { style: { display: "flex", gap: 8, alignItems: "center", flexWrap: "wrap" } },
      h(AA.Chip, { text: run.state, color: COLORS[run.state] || "#8a8f98" }),
      h("span", null, h("b", null, run.checkpoint), " on ", h("b", null, run.folder)),
      h("span", { style: style.muted }, `${new Date(run.started).toLocaleString()}${run.by ? ` · ${run.by}` : ""}`),
      h("span", { style: { flex: 1 } }),
      run.state === "finished" && run.folder !== open && h(PlainButton, { name: "aa-run-open", onClick: () => onGo(run.folder) }, "Open")),
    live && h("div", { style: { height: 4, borderRadius: 2, marginTop: 6, background: AA.color("background-level2"), overflow: "hidden" } },
      h("div", { style: { height: "100%", width: `${100 * (run.share || 0.03)}%`, background: "#ff6d04" } })),
    h("div", { style: { ...style.muted, marginTop: 4, overflowWrap: "anywhere" } }, run.error ? null : run.stage),
    run.error && h("div", { role: "alert", "data-cy": "aa-run-error", style: { color: "#ff8a80", marginTop: 4, overflowWrap: "anywhere" } }, run.error),
    failed.length > 0 && h("details", { style: { marginTop: 4 } },
      h("summary", { style: { cursor: "pointer", fontSize: 13 } }, `${failed.length} recording${failed.length === 1 ? "" : "s"} could not be used`),
      h("ul", { style: { ...style.muted, margin: "4px 0 0 16px" } },
        failed.slice(0, 50).map((one) => h("li", { key: one.path }, `${one.path}: ${one.reason}`)))));
};

AA.ModelRow = ({ model, folder, stale, looking, busy, onRun }) => {
  const names = Object.keys(stale || {});
  const here = model.windows !== null && model.windows !== undefined;
  const runnable = folder && !model.problem;
  return h("div", { "data-cy": "aa-model", "data-name": model.name, style: { ...style.box, padding: 8, marginBottom: 6 } },
    h("div", { style: { display: "flex", gap: 8, alignItems: "center", flexWrap: "wrap" } },
      h("b", null, model.name),
      model.default && h(AA.Chip, { text: "default", color: "#2f7ed8", title: "Used where none is named" }),
      model.problem ? h(AA.Chip, { text: "cannot be used", color: COLORS.failed })
        : model.probe === "passed" ? h(AA.Chip, { text: "probed", color: COLORS.finished, title: "Tried on noise, silence and a tone; its vectors can be trusted" })
          : h(AA.Chip, { text: "not probed yet", color: COLORS.queued, title: "It is tried out at its first run" }),
      folder && (here ? h(AA.Chip, { text: AA.windows.count(model.windows, "window"), color: "#8a8f98", title: `Vectors of ${folder}` }) : null),
      here && names.length > 0 && h(AA.Chip, { text: "stale", color: COLORS.queued, title: names.map((n) => `${n}: ${stale[n].why || stale[n].status}`).join("\n"), cy: "aa-model-stale" }),
      here && !looking && names.length === 0 && h(AA.Chip, { text: "up to date", color: COLORS.finished }),
      h("span", { style: { flex: 1 } }),
      runnable && h(PlainButton, { name: "aa-model-run", disabled: busy, onClick: () => onRun(model.name), strong: !here || names.length > 0,
        title: here ? "Compute what is stale; what is there is kept" : "Compute everything of this model for this folder" },
        here ? "Run again" : "Run on this folder")),
    model.problem ? h("div", { style: { color: "#ff8a80", fontSize: 13, marginTop: 4 } }, model.problem)
      : h("div", { style: { ...style.muted, marginTop: 4, overflowWrap: "anywhere" } },
        `${model.base ? `classifier on the vectors of ${model.base}` : model.kind} · ${model.dim} values · ${model.sample_rate.toLocaleString("en")} Hz · inputs of ${model.input_seconds} s`,
        model.base && typeof model.quality === "number" ? ` · average precision ${model.quality.toFixed(2)} on its own labels` : "",
        h("div", null, `Licence: ${model.licence}`),
        model.description && h("div", null, model.description)),
    names.length > 0 && h("details", { style: { marginTop: 4 } },
      h("summary", { style: { cursor: "pointer", fontSize: 13 } }, "What is stale, and why"),
      h("ul", { style: { ...style.muted, margin: "4px 0 0 16px" } },
        names.map((n) => h("li", { key: n }, `${n}: ${stale[n].why || stale[n].status}`)))));
};
