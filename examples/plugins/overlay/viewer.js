/** The frame with a field over it. Copy the folder, and change FIELD here and in manifest.json to a field of your own. */
const FIELD = 'overlay/brightness';
const WARM = [213, 94, 0];
const COLD = [0, 114, 178];

export default function overlay(body) {
  body.innerHTML = '';
  const canvas = body.appendChild(document.createElement('canvas'));
  canvas.style.cssText = 'display: block; margin: auto; height: calc(100% - 24px); image-rendering: pixelated';
  const line = body.appendChild(document.createElement('p'));
  line.style.cssText = 'margin: 4px 0; text-align: center; color: var(--ink-soft)';
  /** The largest magnitude so far, so that steps are comparable. */
  let largest = 0;

  return {
    update({ fields }) {
      const frame = fields.frame;
      const heat = fields[FIELD];
      if (frame?.kind !== 'picture') {
        line.textContent = 'no frame at this step';
        return;
      }
      const { width, height } = frame;
      const pixels = new Uint8ClampedArray(frame.rgba);
      if (heat) {
        // Heat comes as numbers, or as a picture of them where it is large; only numbers can be scaled here.
        if (heat.kind !== 'numbers' || heat.shape.length !== 2) {
          line.textContent = 'the overlay is not a grid of numbers';
          return;
        }
        const [rows, columns] = heat.shape;
        for (const value of heat.values) if (Math.abs(value) > largest) largest = Math.abs(value);
        for (let at = 0; at < width * height; at++) {
          const row = Math.floor((Math.floor(at / width) * rows) / height);
          const column = Math.floor(((at % width) * columns) / width);
          const value = heat.values[row * columns + column];
          // What is missing is NaN, and shows the frame.
          const share = Number.isNaN(value) || largest === 0 ? 0 : Math.min(1, Math.abs(value) / largest) * 0.6;
          const colour = value > 0 ? WARM : COLD;
          for (let plane = 0; plane < 3; plane++) {
            const place = 4 * at + plane;
            pixels[place] = pixels[place] * (1 - share) + colour[plane] * share;
          }
        }
      }
      canvas.width = width;
      canvas.height = height;
      canvas.getContext('2d').putImageData(new ImageData(pixels, width, height), 0, 0);
      line.textContent = heat ? `${FIELD}, up to ${largest.toPrecision(3)}` : `no ${FIELD} at this step`;
    },
  };
}
