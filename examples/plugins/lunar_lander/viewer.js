/**
 * LunarLander from its observation: x, y, velocities, angle, spin and two legs. Each part is coloured by the attribution of its own entries:
 * the hull by x and y, the arrow by the velocities, the nose by the angle, each leg by its contact.
 *
 * The default export is called once with the body of the frame and what is known of the environment; it returns `update(step)`.
 */
export default function lander(body, about) {
  const canvas = body.appendChild(document.createElement('canvas'));
  canvas.style.cssText = 'display: block; width: 100%; height: 100%';
  const words = body.appendChild(document.createElement('p'));
  words.style.cssText = 'position: absolute; left: 8px; top: 4px; margin: 0';

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  /** The plain colour, mixed with warm or cold the more the entries spoke for or against the target. */
  const tinted = (plain, attribution, entries) => {
    const sum = attribution ? entries.reduce((sum, entry) => sum + attribution.values[entry], 0) : 0;
    const part = Math.round(100 * Math.sqrt(Math.min(1, Math.abs(sum))));
    return `color-mix(in srgb, ${token(sum < 0 ? '--cold' : '--warm')} ${part}%, ${plain})`;
  };

  return {
    update({ fields, attribution }) {
      const { clientWidth: width, clientHeight: height } = body;
      const dpr = devicePixelRatio || 1;
      canvas.width = width * dpr;
      canvas.height = height * dpr;
      const pen = canvas.getContext('2d');
      pen.scale(dpr, dpr);
      const seen = fields.observation;
      if (!seen) {
        words.textContent = 'nothing was observed at this step';
        return;
      }
      const [x, y, vx, vy, angle, , left, right] = seen.values;
      // The pad is at the origin, and the field of view is 2.5 wide and 1.6 high.
      const scale = Math.min(width / 2.5, height / 1.8);
      pen.translate(width / 2, height - 0.12 * scale);
      pen.fillStyle = token('--line');
      pen.fillRect(-width / 2, 0, width, 0.12 * scale);
      pen.fillStyle = token('--good');
      pen.fillRect(-0.2 * scale, -1, 0.4 * scale, 3);
      pen.translate(x * scale, -y * scale - 0.08 * scale);
      pen.strokeStyle = tinted(token('--ink-faint'), attribution, [2, 3]);
      pen.lineWidth = 3;
      pen.beginPath();
      pen.moveTo(0, 0);
      pen.lineTo(vx * 0.3 * scale, -vy * 0.3 * scale);
      pen.stroke();
      pen.rotate(angle);
      for (const [side, touches, entry] of [
        [-1, left, 6],
        [1, right, 7],
      ]) {
        pen.strokeStyle = tinted(touches ? token('--accent') : token('--ink-soft'), attribution, [entry]);
        pen.lineWidth = touches ? 4 : 2;
        pen.beginPath();
        pen.moveTo(side * 0.05 * scale, 0.02 * scale);
        pen.lineTo(side * 0.09 * scale, 0.09 * scale);
        pen.stroke();
      }
      pen.fillStyle = tinted(token('--ink-soft'), attribution, [0, 1]);
      pen.fillRect(-0.06 * scale, -0.05 * scale, 0.12 * scale, 0.09 * scale);
      pen.fillStyle = tinted(token('--ink'), attribution, [4]);
      pen.beginPath();
      pen.moveTo(-0.04 * scale, -0.05 * scale);
      pen.lineTo(0.04 * scale, -0.05 * scale);
      pen.lineTo(0, -0.1 * scale);
      pen.fill();
      const action = fields.action?.values[0];
      const degrees = Math.round((angle * 180) / Math.PI);
      words.textContent = `x ${x.toFixed(2)}, y ${y.toFixed(2)}, ${degrees}°; ${about.actionNames[action] ?? ''}`;
    },
  };
}
