// Parts of the map: its colours, buttons, what the pointer is over, and the legend.
const { h } = AA;
const SHOWN = 60; // values of the legend

const Button = ({ on, onClick, title, label, name }) =>
  h("button", {
    onClick, title, "aria-label": title, "aria-pressed": !!on, "data-cy": `aa-map-${name}`,
    style: {
      height: 28, padding: "0 9px", borderRadius: 4, cursor: "pointer", fontSize: 13,
      border: `1px solid ${on ? "#ff6d04" : AA.color("divider")}`, whiteSpace: "nowrap",
      background: on ? "rgba(255,109,4,.22)" : AA.color("background-level1"),
      color: AA.color("text-primary"),
    },
  }, label);

const Tooltip = ({ spot, names, colors, size }) =>
  h("div", {
    "data-cy": "aa-map-hover",
    style: {
      position: "absolute", pointerEvents: "none", zIndex: 3,
      ...(spot.x > size[0] / 2 ? { right: size[0] - spot.x + 14 } : { left: spot.x + 14 }),
      ...(spot.y > size[1] / 2 ? { bottom: size[1] - spot.y + 14 } : { top: spot.y + 14 }),
      background: AA.color("background-level2"), color: AA.color("text-primary"), fontSize: 12,
      border: `1px solid ${AA.color("divider")}`, borderRadius: 4, padding: "6px 9px",
      boxShadow: "0 2px 8px rgba(0,0,0,.4)", whiteSpace: "nowrap",
    },
  },
    h("div", { style: { fontWeight: 600 } },
      `${spot.place.count.toLocaleString("en")} window${spot.place.count === 1 ? "" : "s"}`),
    spot.place.parts.slice(0, 6).map(([value, count]) =>
      h("div", { key: value },
        h("span", { style: { color: colors[value] } }, "● "),
        `${names[value]}${spot.place.parts.length > 1 ? ` ${count.toLocaleString("en")}` : ""}`)),
    spot.place.parts.length > 6 ? h("div", null, `and ${spot.place.parts.length - 6} more`) : null,
    h("div", { style: { opacity: 0.7 } },
      `${spot.place.lat.toFixed(4)}, ${spot.place.lon.toFixed(4)}`));

const Legend = ({ data, lit, setLit }) =>
  h("div", {
    "data-cy": "aa-map-legend",
    style: {
      width: 168, flex: "none", overflowY: "auto", padding: "6px 8px", fontSize: 12,
      borderLeft: `1px solid ${AA.color("divider")}`, color: AA.color("text-primary"),
    },
  },
    data.names.slice(0, SHOWN).map((name, i) =>
      h("div", {
        key: name, title: `Show only ${name} on the map`,
        onClick: () => setLit(lit === i ? null : i),
        style: {
          display: "flex", gap: 6, padding: "2px 0", cursor: "pointer", alignItems: "center",
          opacity: lit === null || lit === i ? 1 : 0.4,
        },
      },
        h("span", { style: { background: data.colors[i], width: 10, height: 10, flex: "none",
          borderRadius: 5 } }),
        h("span", { style: { overflow: "hidden", textOverflow: "ellipsis", flex: 1,
          whiteSpace: "nowrap" } }, name),
        h("span", { style: { opacity: 0.6 } }, data.counts[i].toLocaleString("en")))),
    data.names.length > SHOWN ? h("div", { style: { opacity: 0.6 } },
      `and ${data.names.length - SHOWN} more`) : null);

const DARK = { sea: "#15202b", land: "#2c3a46", coast: "#56697a", grid: "rgba(255,255,255,.07)",
  text: "#9fb0bf", rim: "rgba(0,0,0,.6)" };
const LIGHT = { sea: "#dbe8f2", land: "#f3f1ea", coast: "#9aa9b5", grid: "rgba(0,0,0,.07)",
  text: "#51606c", rim: "rgba(255,255,255,.9)" };

const isDark = () => {
  const color = getComputedStyle(document.body).getPropertyValue("--fo-palette-background-body");
  const numbers = color.match(/\d+(\.\d+)?%?/g) || [];
  if (color.includes("hsl")) return parseFloat(numbers[2] || "0") < 50;
  return localStorage.getItem("theme") !== '"light"';
};

Object.assign(AA.map, { colors: () => (isDark() ? DARK : LIGHT), Button, Tooltip, Legend });
