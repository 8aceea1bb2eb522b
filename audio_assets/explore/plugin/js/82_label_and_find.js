// The panel "Label a few, find the rest": mark, train, review, keep the classifier.
const { h } = AA;
const { useEffect, useRef, useState } = window.React;
const { Message, PlainButton, style } = AA.windows;

const TABS = [
  ["uncertain", "Uncertain first", "What the classifier knows least about: answers here teach most"],
  ["best", "Best first", "What it is most sure of"],
  ["marked", "Marked", "What has been said, the newest first"],
  ["disagree", "Disagreements", "Where people said different things; an answer here decides"],
];

const input = { ...style.select, padding: "0 8px" };

const Tab = ({ id, text, title, on, onClick }) =>
  h("button", {
    onClick, title, "data-cy": `aa-label-tab-${id}`, "aria-pressed": on,
    style: {
      background: "none", border: "none", borderBottom: `2px solid ${on ? "#ff6d04" : "transparent"}`,
      padding: "6px 4px", cursor: "pointer", fontSize: 13,
      color: AA.color(on ? "text-primary" : "text-secondary"),
    },
  }, text);

// The first steps, until something is trained.
const Guide = ({ name, yes, no }) => {
  const step = (done, text) => h("li", { style: { opacity: done ? 0.55 : 1, margin: "6px 0" } }, `${text}${done ? " ✓" : ""}`);
  return h("ol", { style: { listStyle: "decimal", padding: "4px 28px", color: AA.color("text-primary"), fontSize: 14, lineHeight: 1.5 }, "data-cy": "aa-label-guide" },
    step(Boolean(name), "Name the sound that you are looking for."),
    step(yes > 0, "Select a few samples in the grid that are it, and press Yes."),
    step(no > 0, "Select a few that are not, and press No."),
    step(false, "Press Train. Everything else is ranked, and you say yes or no to what it is unsure of."));
};

const SaveBox = ({ name, busy, saved, onSave }) => {
  const proposed = name.trim().toLowerCase().normalize("NFKD").replace(/[^a-z0-9._-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "") || "my";
  const [as, setAs] = useState(null);
  const value = as === null ? `${proposed}-classifier` : as;
  return h("div", { style: { display: "flex", gap: 8, alignItems: "center", flexWrap: "wrap" } },
    h("input", { value, onChange: (e) => setAs(e.target.value), onKeyDown: (e) => e.stopPropagation(),
      "aria-label": "Name of the classifier", "data-cy": "aa-label-as", style: { ...input, width: 200 } }),
    h(PlainButton, { name: "aa-label-save", disabled: busy || !value.trim(), onClick: () => onSave(value.trim(), saved === value.trim()),
      title: "Keep it as a checkpoint: it then runs on any folder like every other model" },
      saved === value.trim() ? "Save again" : "Save as a classifier"));
};

const LabelAndFind = (props) => {
  const view = props.schema.view;
  const ask = AA.useAsk();
  const selected = AA.useSelectedSamples();
  const [start, setStart] = useState(null);
  const [problem, setProblem] = useState("");
  const [message, setMessage] = useState("");
  const [busy, setBusy] = useState("");
  const [name, setName] = useState("");
  const [checkpoint, setCheckpoint] = useState("");
  const [withLabels, setWithLabels] = useState(false);
  const [state, setState] = useState({ yes: 0, no: 0, classes: [], dispute: "", from_labels: 0 });
  const [order, setOrder] = useState("uncertain");
  const [cards, setCards] = useState([]);
  const [total, setTotal] = useState(0);
  const [trained, setTrained] = useState(null);
  const [fresh, setFresh] = useState(0); // answers since the last training
  const [saved, setSaved] = useState("");
  const asked = useRef(0);
  const given = useRef({}); // answers since the last training: a page asked for before may lack them

  const about = () => ({ class: name.trim(), checkpoint, with_labels: withLabels, by: AA.who() });
  const run = async (what, work) => {
    setBusy(what);
    setMessage("");
    setProblem("");
    try {
      return await work();
    } catch (error) {
      setProblem(error.message);
      return null;
    } finally {
      setBusy("");
    }
  };
  const take = (answer) => {
    if (!answer) return;
    setState((now) => ({ ...now, ...answer }));
    if (answer.trained) setTrained(answer.trained);
    if (answer.cards) {
      answer.cards = answer.cards.map((card) => ({ ...card, ...given.current[card.id] }));
      setCards((now) => (answer.offset ? [...now, ...answer.cards.filter((c) => !now.some((o) => o.id === c.id))] : answer.cards));
      setTotal(answer.total);
    }
  };
  const page = (to, offset = 0) =>
    run("page", async () => {
      const number = ++asked.current;
      const answer = await ask(view.on_page, { ...about(), order: to, offset });
      if (number === asked.current) take(answer);
    });
  const train = () =>
    run("train", async () => {
      const to = order === "best" ? "best" : "uncertain";
      const number = ++asked.current;
      const answer = await ask(view.on_train, { ...about(), order: to });
      if (number !== asked.current) return;
      setOrder(to);
      setFresh(0);
      setSaved("");
      given.current = {};
      take(answer);
    });
  const mark = (answers, { settles = false, selected: bySelection = false } = {}) =>
    run("mark", async () => {
      take(await ask(view.on_mark, { ...about(), answers, settles, selected: bySelection }));
      setFresh((count) => count + Object.keys(answers).length);
      return true;
    });
  const markSelected = async (value) => {
    const ids = selected;
    if (!(await mark(Object.fromEntries(ids.map((id) => [id, value])), { selected: true }))) return;
    setOrder("marked");
    await page("marked");
    setMessage(`${AA.windows.count(ids.length, "sample")} marked ${value}.`);
  };
  const answer = (card, value) => {
    const put = (to, by) => {
      given.current[card.id] = { answer: to, by };
      setCards((now) => now.map((c) => (c.id === card.id ? { ...c, answer: to, by } : c)));
    };
    put(value, AA.who() || (start && start.person));
    mark({ [card.id]: value }, { settles: order === "disagree" }).then((done) => done || put(card.answer, card.by));
  };
  const choose = (to) => {
    setOrder(to);
    page(to);
  };

  useEffect(() => {
    let gone = false;
    ask(view.on_open, { by: AA.who() })
      .then((found) => {
        if (gone) return;
        setStart(found);
        setCheckpoint(found.checkpoints[0]);
        setState((now) => ({ ...now, classes: found.classes, dispute: found.dispute }));
        if (found.classes.length) setName(found.classes[0]);
      })
      .catch((error) => gone || setProblem(error.message));
    return () => { gone = true; };
  }, []);
  useEffect(() => {
    // another class, checkpoint or source of labels: what was trained speaks of the old one
    setTrained(null);
    setCards([]);
    setTotal(0);
    setFresh(0);
    setSaved("");
    setMessage("");
    if (!start || !name.trim()) return undefined;
    asked.current += 1;
    given.current = {};
    setOrder("marked");
    const later = setTimeout(() => page("marked"), 250);
    return () => clearTimeout(later);
  }, [name, checkpoint, withLabels, Boolean(start)]);

  if (!start) return h(Message, { text: problem || "Loading …", name: "aa-label-problem" });
  const named = Boolean(name.trim());
  const ready = named && state.yes > 0 && state.no > 0;
  const choices = [...new Set([...state.classes, ...start.labels])];
  const row = { display: "flex", gap: 8, alignItems: "center", flexWrap: "wrap" };
  return h("div", {
    "data-cy": "aa-label", style: { height: "100%", display: "flex", flexDirection: "column", color: AA.color("text-primary"), fontSize: 13 },
  },
    h("div", { style: { display: "flex", flexDirection: "column", gap: 8, padding: 8, borderBottom: `1px solid ${AA.color("divider")}` } },
      h("div", { style: row },
        h("label", { style: row }, "Looking for",
          h("input", { value: name, list: "aa-label-classes", placeholder: "for example rooster", "data-cy": "aa-label-class",
            onChange: (e) => setName(e.target.value), onKeyDown: (e) => e.stopPropagation(), maxLength: 100, style: { ...input, width: 180 } })),
        h("datalist", { id: "aa-label-classes" }, choices.map((value) => h("option", { key: value, value }))),
        start.checkpoints.length > 1 && h("select", {
          value: checkpoint, onChange: (e) => setCheckpoint(e.target.value), "aria-label": "Checkpoint",
          title: "Whose vectors are learned from", style: style.select,
        }, start.checkpoints.map((value) => h("option", { key: value, value }, value))),
        start.labels.length > 0 && h("label", { style: row, title: "Windows with this label count as yes, those with another as no" },
          h("input", { type: "checkbox", checked: withLabels, "data-cy": "aa-label-existing", onChange: (e) => setWithLabels(e.target.checked) }),
          "Learn from the folder's own labels, too"),
        h("span", { style: { flex: 1 } }),
        h(AA.Who, { known: start.person })),
      h("div", { style: row },
        h("span", { style: style.muted, "data-cy": "aa-label-selected" }, selected.length ? `${selected.length} selected in the grid:` : "Select samples in the grid, then:"),
        h(PlainButton, { name: "aa-label-yes", disabled: !named || !selected.length || Boolean(busy), onClick: () => markSelected("yes"),
          title: "The selected samples are it" }, "Yes, that is it"),
        h(PlainButton, { name: "aa-label-no", disabled: !named || !selected.length || Boolean(busy), onClick: () => markSelected("no"),
          title: "The selected samples are not it" }, "No, it is not"),
        h("span", { "data-cy": "aa-label-counts" }, `${state.yes} yes · ${state.no} no` + (state.from_labels ? ` (${state.from_labels} from labels)` : "")),
        h(PlainButton, { name: "aa-label-train", strong: ready, disabled: !ready || Boolean(busy), onClick: train,
          title: ready ? "Learn from the marks and rank everything else" : "Mark at least one yes and one no first" },
          busy === "train" ? "Training …" : trained ? (fresh ? `Train again (${fresh} new)` : "Train again") : "Train")),
      trained && h("div", { "data-cy": "aa-label-result", style: { lineHeight: 1.4 } },
        h("div", null, `Trained on ${trained.positives} yes and ${trained.negatives} no. `,
          `${trained.above.toLocaleString("en")} of ${trained.windows.toLocaleString("en")} windows score 0.5 or more.`),
        h("div", { style: style.muted, "data-cy": "aa-label-quality" }, trained.note)),
      trained && h("div", { style: row },
        h(SaveBox, { name, busy: Boolean(busy), saved, key: name, onSave: (as, replace) =>
          run("save", async () => {
            const answer_ = await ask(view.on_save, { ...about(), as, replace });
            setSaved(answer_.saved);
            setMessage(`Saved as the checkpoint ${answer_.saved}. It is in "Models and jobs", where it can be run on a folder.`);
          }) }),
        busy === "save" && h("span", { style: style.muted }, "Saving and probing it …")),
      problem && h("div", { role: "alert", "data-cy": "aa-label-error", style: { color: "#ff8a80" } }, problem),
      message && h("div", { "data-cy": "aa-label-message", style: { color: "#7fd48d" } }, message)),
    h("div", { style: { display: "flex", gap: 14, padding: "0 8px", alignItems: "center", borderBottom: `1px solid ${AA.color("divider")}` } },
      TABS.filter(([id]) => (id === "disagree" ? state.dispute : id === "marked" ? state.yes + state.no > 0 : trained)).map(([id, text, title]) =>
        h(Tab, { key: id, id, text: id === "disagree" ? state.dispute : text, title, on: order === id, onClick: () => choose(id) })),
      h("span", { style: { flex: 1 } }),
      cards.length > 0 && h(PlainButton, { name: "aa-label-show", onClick: () => run("show", () => ask(view.on_show, { ...about(), order })),
        title: "Make these windows the view of the grid, in this order" }, "Show in the grid")),
    h("div", { style: { flex: 1, minHeight: 0, overflowY: "auto", padding: 8 } },
      cards.length === 0 ? h(Guide, { name: name.trim(), yes: state.yes, no: state.no })
        : h("div", { "data-cy": "aa-label-cards", style: { display: "grid", gap: 8, gridTemplateColumns: "repeat(auto-fill, minmax(170px, 1fr))" } },
          cards.map((card) => h(AA.LabelCard, { key: card.id, card, dataset: start.dataset, onAnswer: answer,
            onOpen: (one) => ask(view.on_sample, { id: one.id }).catch(() => {}) }))),
      cards.length > 0 && cards.length < total && h("div", { style: { padding: 8 } },
        h(PlainButton, { name: "aa-label-more", disabled: Boolean(busy), onClick: () => page(order, order === "uncertain" || order === "best" ? cards.filter((c) => !c.answer).length : cards.length) },
          `Show more (${(total - cards.length).toLocaleString("en")} left)`))));
};

AA.register("LabelAndFind", LabelAndFind);
