// One window to judge: look, listen, and say yes or no; Y, N and space do the same on the keyboard.
const { h } = AA;
const { style } = AA.windows;
const COLORS = { yes: "#2e9e44", no: "#d62f3c" };

const Answer = ({ value, chosen, onClick }) =>
  h("button", {
    onClick, "data-cy": `aa-answer-${value}`, "aria-pressed": chosen,
    title: chosen ? "Click again to take it back" : value === "yes" ? "This is it (Y)" : "This is not it (N)",
    style: {
      flex: 1, height: 28, borderRadius: 4, cursor: "pointer", fontSize: 13, fontWeight: chosen ? 600 : 400,
      border: `1px solid ${COLORS[value]}`, color: chosen ? "#fff" : AA.color("text-primary"),
      background: chosen ? COLORS[value] : "transparent",
    },
  }, value === "yes" ? "Yes" : "No");

const Score = ({ score }) =>
  h("div", {
    title: `Score ${score.toFixed(2)}; 0.5 is the border between no and yes`,
    style: { position: "relative", height: 4, borderRadius: 2, background: AA.color("background-level2") },
  },
    h("div", { style: { position: "absolute", inset: 0, width: `${100 * score}%`, borderRadius: 2, background: "#ff6d04" } }),
    h("div", { style: { position: "absolute", left: "50%", top: -2, bottom: -2, width: 1, background: AA.color("text-secondary") } }));

AA.LabelCard = ({ card, dataset, onAnswer, onOpen }) => {
  const toggle = (value) => onAnswer(card, card.answer === value ? null : value);
  const name = card.path.split("/").pop();
  return h("div", {
    "data-cy": "aa-label-card", "data-answer": card.answer || "", "data-path": card.path, tabIndex: 0,
    onKeyDown: (event) => {
      const key = event.key.toLowerCase();
      if (key === "y" || key === "n") {
        event.preventDefault();
        event.stopPropagation();
        toggle(key === "y" ? "yes" : "no");
        const next = event.currentTarget.nextElementSibling;
        if (next) next.focus();
      }
      if (key === " " && event.target === event.currentTarget) {
        event.preventDefault();
        event.stopPropagation();
        event.currentTarget.querySelector("[data-cy=aa-play]").click();
      }
    },
    style: {
      ...style.box, padding: 6, display: "flex", flexDirection: "column", gap: 6, minWidth: 0,
      borderColor: card.answer ? COLORS[card.answer] : AA.color("divider"), borderWidth: 1,
      boxShadow: card.answer ? `inset 0 0 0 1px ${COLORS[card.answer]}` : "none",
    },
  },
    h("div", { style: { cursor: "zoom-in" }, onClick: () => onOpen(card) },
      h(AA.windows.Thumbnail, { dataset, sampleId: card.id, label: name, width: "100%", height: 96 })),
    card.score === null ? null : h(Score, { score: card.score }),
    h("div", { title: card.path, style: { ...style.muted, display: "flex", gap: 6, justifyContent: "space-between" } },
      h("span", { style: { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" } }, name),
      h("span", { style: { flex: "none" } }, card.score === null ? AA.time(card.start) : card.score.toFixed(2))),
    card.said.length ? h("div", { style: { fontSize: 12, color: "#e8a33d" }, "data-cy": "aa-said" },
      card.said.map(([who, what]) => `${who}: ${what}`).join(" · ")) : null,
    h("div", { style: { display: "flex", gap: 6 } },
      ["yes", "no"].map((value) => h(Answer, {
        key: value, value, chosen: card.answer === value, onClick: () => toggle(value),
      }))),
    card.answer && card.by ? h("div", { style: style.muted }, `${card.answer} – ${card.by}`) : null);
};
