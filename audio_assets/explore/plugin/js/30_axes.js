// Axes and outlines: round ticks for seconds and hertz, a waveform on a canvas.
const React = window.React;
const { h } = AA;

AA.ticks = (low, high, most) => {
  const span = high - low;
  if (!(span > 0)) return [];
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) {
    ticks.push(+(i * step).toPrecision(12));
  }
  return ticks;
};

AA.hertz = (hz) => (hz >= 1000 ? `${+(hz / 1000).toFixed(2)} kHz` : `${Math.round(hz)} Hz`);

const label = { position: "absolute", fontSize: 11, color: AA.color("text-secondary"), whiteSpace: "nowrap" };
const rule = AA.color("text-tertiary");

AA.TimeAxis = ({ from, to }) =>
  h("div", { style: { position: "relative", height: 20 }, "data-cy": "aa-time-axis" },
    AA.ticks(from, to, 10).map((t) => {
      const left = `${(100 * (t - from)) / (to - from)}%`;
      return h(React.Fragment, { key: t },
        h("div", { style: { position: "absolute", left, top: 0, width: 1, height: 5, background: rule } }),
        h("span", { style: { ...label, left, top: 5, transform: t <= from ? "none" : "translateX(-50%)" } },
          `${t} s`));
    }));

AA.FrequencyAxis = ({ top }) =>
  h("div", { style: { position: "relative", height: "100%" }, "data-cy": "aa-frequency-axis" },
    AA.ticks(0, top, 6).map((hz) => {
      const bottom = `${(100 * hz) / top}%`;
      const shift = hz === 0 ? "0" : hz > 0.97 * top ? "100%" : "50%";
      return h(React.Fragment, { key: hz },
        h("div", { style: { position: "absolute", right: 0, bottom, width: 5, height: 1, background: rule } }),
        h("span", { style: { ...label, right: 8, bottom, transform: `translateY(${shift})` } }, AA.hertz(hz)));
    }));

// peaks: {min, max} of equal parts from left to right, full scale 1; drawn relative to the loudest.
AA.Waveform = ({ peaks, height }) => {
  const canvas = React.useRef(null);
  React.useEffect(() => {
    const element = canvas.current;
    if (!element || !peaks) return undefined;
    const draw = () => {
      const ratio = window.devicePixelRatio || 1;
      const width = Math.max(1, Math.round(element.clientWidth * ratio));
      element.width = width;
      element.height = Math.round(height * ratio);
      const pen = element.getContext("2d");
      const middle = element.height / 2;
      // recorders have an offset, often: the outline is drawn around its own middle
      const centre = peaks.max.reduce((sum, v, i) => sum + v + peaks.min[i], 0) / 2 / peaks.max.length;
      const loudest = peaks.max.reduce((m, v, i) => Math.max(m, v - centre, centre - peaks.min[i]), 1e-5);
      pen.fillStyle = "#ff6d04";
      for (let x = 0; x < width; x += 1) {
        const i = Math.min(peaks.min.length - 1, Math.floor((x * peaks.min.length) / width));
        const up = ((peaks.max[i] - centre) / loudest) * middle * 0.95;
        const down = ((peaks.min[i] - centre) / loudest) * middle * 0.95;
        pen.fillRect(x, middle - up, 1, Math.max(1, up - down));
      }
    };
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    return () => observer.disconnect();
  }, [peaks, height]);
  return h("canvas", { ref: canvas, style: { width: "100%", height, display: "block" }, "data-cy": "aa-waveform" });
};
