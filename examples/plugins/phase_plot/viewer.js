/** Two elements of the observation against each other: the steps that were in view before are a trail that ends at this one. */
const TRAIL_MAX = 200;

export default function phasePlot(body, about) {
  body.innerHTML = '';
  const bar = body.appendChild(document.createElement('div'));
  bar.style.cssText = 'position: absolute; z-index: 1; left: 8px; top: 4px; display: flex; gap: 6px';
  const pick = (label, chosen) => {
    const select = bar.appendChild(document.createElement('select'));
    select.setAttribute('aria-label', label);
    select.value = String(chosen);
    select.onchange = draw;
    return select;
  };
  const [across, up] = [pick('across', 0), pick('up', 1)];
  const canvas = body.appendChild(document.createElement('canvas'));
  canvas.style.cssText = 'display: block; width: 100%; height: 100%';
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  /** Rows by step. */
  const rows = new Map();
  let now = 0;

  /** Names once it is known how many elements there are. Names come from a log: they are text, never markup. */
  function name(count) {
    if (across.options.length === count) return;
    for (const [select, chosen] of [
      [across, 0],
      [up, Math.min(1, count - 1)],
    ]) {
      select.replaceChildren(
        ...Array.from({ length: count }, (_, i) => new Option(about.observationNames[i] || `[${i}]`, String(i))),
      );
      select.value = String(chosen);
    }
  }

  function draw() {
    const { clientWidth: width, clientHeight: height } = body;
    const dpr = devicePixelRatio || 1;
    canvas.width = width * dpr;
    canvas.height = height * dpr;
    const pen = canvas.getContext('2d');
    pen.scale(dpr, dpr);
    const steps = [...rows.keys()].filter((step) => step <= now).sort((a, b) => a - b).slice(-TRAIL_MAX);
    if (steps.length === 0) return;
    const [xs, ys] = [across, up].map((select) => steps.map((step) => rows.get(step)[Number(select.value)]));
    const place = (values, length) => {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      return (value) => 20 + ((value - low) / (high - low || 1)) * (length - 40);
    };
    const [x, y] = [place(xs, width), place(ys, height)];
    pen.strokeStyle = token('--accent');
    pen.lineWidth = 1.5;
    pen.beginPath();
    steps.forEach((_, i) => pen[i ? 'lineTo' : 'moveTo'](x(xs[i]), height - y(ys[i])));
    pen.stroke();
    pen.fillStyle = token('--warm');
    pen.beginPath();
    pen.arc(x(xs.at(-1)), height - y(ys.at(-1)), 4, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = token('--ink');
    pen.fillText(`${xs.at(-1).toPrecision(3)}, ${ys.at(-1).toPrecision(3)}`, 12, height - 8);
  }

  return {
    update({ step, fields }) {
      const seen = fields.observation;
      if (seen?.kind === 'picture') bar.textContent = 'this observation is a picture';
      if (seen?.kind === 'numbers') {
        name(seen.values.length);
        rows.set(step, seen.values);
      }
      now = step;
      draw();
    },
  };
}
