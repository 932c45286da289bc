import { paintFactors, type FactorLook, type FactorPlanes } from './factor_paint';
import { greyOut, type TilePicture } from './heat_tile';

/** Paints a picture in grey with factors over it in their colours, pixel for pixel; without a picture the factors stand alone. */
export function paintFactorTile(
  canvas: HTMLCanvasElement,
  picture: TilePicture | null,
  planes: FactorPlanes | null,
  look: FactorLook,
): void {
  const [width, height] = [picture?.width ?? planes?.columns ?? 0, picture?.height ?? planes?.rows ?? 0];
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context || width === 0 || height === 0) return;
  if (picture) {
    const image = new ImageData(width, height);
    new Uint32Array(image.data.buffer).set(picture.pixels.subarray(0, width * height));
    greyOut(image.data);
    context.putImageData(image, 0, 0);
  }
  if (!planes) return;
  const over = document.createElement('canvas');
  over.width = planes.columns;
  over.height = planes.rows;
  const pen = over.getContext('2d');
  if (!pen) return;
  const image = pen.createImageData(planes.columns, planes.rows);
  paintFactors(planes, look, image.data);
  pen.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = look.smooth;
  context.drawImage(over, 0, 0, width, height);
}
