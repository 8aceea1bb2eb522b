// Sound of a sample in a React component: what the tile and the player share.
const React = window.React;

AA.similarUrl = (dataset, sampleId, options) =>
  `/audio_assets/similar/${encodeURIComponent(dataset)}/${encodeURIComponent(sampleId)}` +
  AA.query(options);

AA.fetchJson = async (url) => {
  const response = await fetch(url);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error || `The server answered ${response.status}.`);
  return body;
};

// Facts of samples (rate, length, events, axes of the preview), fetched once per page.
const kept = new Map();
AA.about = (dataset, sampleId) => {
  const key = `${dataset}/${sampleId}`;
  if (!kept.has(key)) {
    if (kept.size > 500) kept.clear();
    const found = AA.fetchJson(AA.eventsUrl(dataset, sampleId));
    kept.set(key, found);
    found.catch(() => kept.delete(key));
  }
  return kept.get(key);
};

// A setting of this browser that every component on the page sees at once.
AA.setting = (name, initial) => {
  const key = `audio-assets-${name}`;
  const listeners = new Set();
  let value = initial;
  try {
    const stored = window.localStorage.getItem(key);
    if (stored !== null) value = JSON.parse(stored);
  } catch (error) { /* storage is blocked: the setting lasts as long as the page */ }
  return {
    get: () => value,
    set: (next) => {
      value = next;
      try { window.localStorage.setItem(key, JSON.stringify(next)); } catch (error) { /* as above */ }
      listeners.forEach((listen) => listen(next));
    },
    use: () => {
      const [now, setNow] = React.useState(value);
      React.useEffect(() => { listeners.add(setNow); return () => listeners.delete(setNow); }, []);
      return now;
    },
  };
};

AA.hoverMuted = AA.setting("hover-muted", false);
AA.volume = AA.setting("volume", 0); // dB

// Calls `each(time)` on every frame while the audio element of `ref` plays.
AA.useFrames = (ref, each, on) => {
  const latest = React.useRef(each);
  latest.current = each;
  React.useEffect(() => {
    if (!on) return undefined;
    let frame = requestAnimationFrame(function tick() {
      if (ref.current) latest.current(ref.current.currentTime);
      frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [on]);
};

// Gain and band-pass behind an audio element; made on first need, as it wants a person's click.
AA.graph = (audio) => {
  if (audio.aaGraph) return audio.aaGraph;
  const context = new (window.AudioContext || window.webkitAudioContext)();
  const source = context.createMediaElementSource(audio);
  const filters = ["highpass", "highpass", "lowpass", "lowpass"].map((type) => {
    const filter = context.createBiquadFilter();
    filter.type = type;
    return filter;
  });
  const gain = context.createGain();
  [...filters, gain, context.destination].reduce((from, to) => (from.connect(to), to), source);
  audio.aaGraph = {
    context,
    // gain in dB; band {low, high} in Hz of what is heard, or null for everything
    set: (decibels, band) => {
      gain.gain.value = 10 ** (decibels / 20);
      const top = context.sampleRate / 2;
      filters.forEach((filter) => {
        const edge = filter.type === "highpass" ? (band ? band.low : 0) : band ? band.high : top;
        filter.frequency.value = Math.min(top, Math.max(0, edge));
      });
      if (context.state === "suspended") context.resume();
    },
  };
  return audio.aaGraph;
};

AA.openSample = (id) => window.__foo__.executeOperator("open_sample", { id });
