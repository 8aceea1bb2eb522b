// The player's row of controls.
const { h } = AA;

AA.selectStyle = {
  background: AA.color("background-level2"), color: AA.color("text-primary"), borderRadius: 4,
  border: `1px solid ${AA.color("primary-plainBorder")}`, padding: "3px 4px", fontSize: 13,
};

AA.Button = ({ icon, text, on, title, onClick, disabled, cy, href, download }) =>
  h(href ? "a" : "button", {
    onClick, title, "aria-label": title, "aria-pressed": on, disabled, "data-cy": cy, href, download,
    style: {
      display: "inline-flex", alignItems: "center", gap: 4, height: 28, padding: "0 8px", fontSize: 13,
      borderRadius: 4, border: `1px solid ${on ? "#ff6d04" : AA.color("primary-plainBorder")}`,
      background: on ? "#ff6d0433" : AA.color("background-level2"), color: AA.color("text-primary"),
      cursor: disabled ? "default" : "pointer", opacity: disabled ? 0.4 : 1, textDecoration: "none",
    },
  }, icon && AA.icon(icon), text);

const choice = (label, value, options, onChange, cy, title) =>
  h("label", { style: { display: "inline-flex", alignItems: "center", gap: 4, fontSize: 13, color: AA.color("text-secondary") }, title },
    label,
    h("select", {
      value, onChange: (e) => { onChange(e.target.value); e.target.blur(); }, style: AA.selectStyle, "data-cy": cy,
    }, options.map(([v, text]) => h("option", { key: v, value: v }, text))));

const SPEEDS = [0.1, 0.2, 0.25, 0.5, 1, 1.5, 2, 4];
const AROUND = [0, 1, 2, 5, 10, 30, 60];

AA.Controls = ({ p }) => {
  const nyquist = p.about.sample_rate / 2;
  const tops = [nyquist, ...[96000, 48000, 24000, 16000, 12000, 8000, 4000, 2000, 1000, 500, 200, 100].filter((hz) => hz < nyquist)];
  return h("div", { style: { display: "flex", flexWrap: "wrap", gap: 8, alignItems: "center" }, "data-cy": "aa-controls" },
    h(AA.Button, { icon: p.on ? "pause" : "play", on: p.on, title: p.on ? "Pause (space)" : "Play (space)", onClick: p.toggle, cy: "aa-toggle" }),
    h("span", { style: { fontVariantNumeric: "tabular-nums", fontSize: 13, minWidth: 118, color: AA.color("text-primary") }, "data-cy": "aa-clock" },
      h("span", { ref: p.clock }, AA.time(0)), ` / ${AA.time(p.view.to - p.view.from)}`),
    h(AA.Button, { icon: "loop", on: p.loop, title: "Repeat the range, or everything (L)", onClick: () => p.setLoop(!p.loop), cy: "aa-loop" }),
    choice("Speed", p.speed, SPEEDS.map((s) => [s, `${s}×`]), (v) => p.setSpeed(+v), "aa-speed",
      "Below 1× the pitch falls too, as on tape: it makes ultrasound audible"),
    h(AA.Button, { text: "Keep pitch", on: p.keepPitch, title: "Change the speed without changing the pitch", onClick: () => p.setKeepPitch(!p.keepPitch) }),
    h("label", { style: { display: "inline-flex", alignItems: "center", gap: 4, fontSize: 13, color: AA.color("text-secondary") } },
      "Gain", h("input", {
        type: "range", min: -20, max: 40, step: 1, value: p.gain, style: { width: 90 }, "data-cy": "aa-gain",
        onChange: (e) => p.setGain(+e.target.value), title: "Louder or softer than recorded",
      }), h("span", { style: { minWidth: 44 } }, `${p.gain > 0 ? "+" : ""}${p.gain} dB`)),
    choice("Around it", p.around, AROUND.map((s) => [s, s ? `± ${s} s` : "nothing"]), (v) => p.setAround(+v), "aa-around",
      "Hear and see the recording around this window"),
    choice("Up to", p.top, tops.map((hz) => [hz, AA.hertz(hz)]), (v) => p.setTop(+v), "aa-top", "Highest frequency shown"),
    p.range && h(AA.Button, { icon: "close", text: `${AA.time(p.range.from)} – ${AA.time(p.range.to)}`, title: "Forget the range", onClick: () => p.setRange(null), cy: "aa-clear" }),
    p.range && p.band && h(AA.Button, {
      text: `Only ${AA.hertz(p.band.low)} – ${AA.hertz(p.band.high)}`, on: p.bandOn,
      title: "Filter out everything above and below the event", onClick: () => p.setBandOn(!p.bandOn), cy: "aa-band",
    }),
    h(AA.Button, { icon: "download", title: "Download what plays, as WAV", href: p.downloadUrl, download: p.fileName, cy: "aa-download" }),
    h("span", { style: { flex: 1 } }),
    h(AA.Button, { icon: "back", title: "Previous similar (shift + ←)", disabled: p.similar.at <= 0, onClick: () => p.similar.go(-1), cy: "aa-previous-similar" }),
    h("span", { style: { fontSize: 13, color: AA.color("text-secondary") } }, "similar"),
    h(AA.Button, { icon: "next", title: "Next similar (shift + →)", disabled: p.similar.at + 1 >= p.similar.count, onClick: () => p.similar.go(1), cy: "aa-next-similar" }));
};
