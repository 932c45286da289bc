import type { Extent, Projection } from './cloud_camera';
import { CELL, SHADES } from './cloud_paint';
import type { CloudScene } from './cloud_painter';
import { PLAIN, type CloudLook, type CloudPlaces } from './cloud_points';
import { FOLD, FULL, MOST, POINTS, SHADE, SHARE } from './cloud_shaders';

/** Places are single precision on a card: enlarged more than this, points would jump by parts of a pixel. */
export const GL_ZOOM_MAX = 256;
/** Attributes of a point, by their place in the shader. */
const PLACES = ['x', 'y', 'z'] as const;
const LOOKS = ['colour', 'alpha', 'stand'] as const;
/** What a point has that nothing was said of. */
const USUAL = { colour: 0, alpha: 255, stand: PLAIN } as const;

/** A picture that is drawn into. */
interface Target {
  texture: WebGLTexture;
  frame: WebGLFramebuffer;
  width: number;
  height: number;
}

/**
 * The density of a cloud by a graphics card: every point of a million in every picture, the same shades as those of the processor
 * (`cloud_paint.ts`). Only where there is a card: a processor that plays one is slower than one that paints a sample.
 */
export class CloudGl {
  /** The card was taken away, or cannot do it after all. */
  lost = false;
  readonly #gl: WebGL2RenderingContext;
  readonly #points: WebGLProgram;
  readonly #most: WebGLProgram;
  readonly #shade: WebGLProgram;
  readonly #buffers: Record<string, WebGLBuffer> = {};
  readonly #palette: WebGLTexture;
  #cells: Target | null = null;
  #folds: Target[] = [];
  #places: { of: CloudPlaces; version: number; extent: Extent } | null = null;
  #look: CloudLook | null = null;
  #count = 0;

  private constructor(
    readonly element: HTMLCanvasElement,
    gl: WebGL2RenderingContext,
  ) {
    this.#gl = gl;
    this.#points = program(gl, POINTS, SHARE);
    this.#most = program(gl, FULL, MOST);
    this.#shade = program(gl, FULL, SHADE);
    this.#palette = gl.createTexture();
    element.addEventListener('webglcontextlost', () => (this.lost = true));
  }

  /** Null where there is no card, or one that cannot add up floating-point numbers. */
  static make(): CloudGl | null {
    const element = document.createElement('canvas');
    const gl = element.getContext('webgl2', {
      alpha: false,
      antialias: false,
      depth: false,
      failIfMajorPerformanceCaveat: true,
    });
    if (!gl || isPlayed(gl)) return null;
    if (!gl.getExtension('EXT_color_buffer_float') || !gl.getExtension('EXT_float_blend')) return null;
    try {
      return new CloudGl(element, gl);
    } catch {
      // A driver that takes no such shader: the processor draws.
      return null;
    }
  }

  /** Draws all points; `scale` is pixels of the picture a CSS pixel. False when the card is lost. */
  paint(
    { places, version, extent, projection, look, surface, size }: Omit<CloudScene, 'zoom'>,
    scale: number,
  ): boolean {
    const gl = this.#gl;
    if (this.lost || gl.isContextLost()) return false;
    const [width, height] = [Math.round(size.width * scale), Math.round(size.height * scale)];
    if (this.element.width !== width) this.element.width = width;
    if (this.element.height !== height) this.element.height = height;
    this.#upload(places, version, extent, look);
    const cells = this.#targets(Math.ceil(width / CELL), Math.ceil(height / CELL));

    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, width, height);
    gl.disable(gl.BLEND);
    gl.clearColor(surface[0] / 255, surface[1] / 255, surface[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    for (const dim of look.stand ? [true, false] : [false]) {
      this.#gather(cells, projection, { width, height }, scale, dim);
      const most = this.#fold(cells);
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.viewport(0, 0, width, height);
      gl.enable(gl.BLEND);
      gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE);
      gl.useProgram(this.#shade);
      this.#sampler(this.#shade, 'cells', 0, cells.texture);
      this.#sampler(this.#shade, 'most', 1, most);
      const [least, strongest] = dim ? SHADES.dim : SHADES.plain;
      gl.uniform2f(gl.getUniformLocation(this.#shade, 'shades'), least, strongest);
      gl.uniform1i(gl.getUniformLocation(this.#shade, 'height'), height);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    }
    return true;
  }

  destroy(): void {
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.element.remove();
  }

  /** Adds points up, cell by cell: their weights, and their colours by weight. */
  #gather(
    cells: Target,
    p: Projection,
    { width, height }: { width: number; height: number },
    scale: number,
    dim: boolean,
  ): void {
    const gl = this.#gl;
    const at = (name: string) => gl.getUniformLocation(this.#points, name);
    gl.bindFramebuffer(gl.FRAMEBUFFER, cells.frame);
    gl.viewport(0, 0, cells.width, cells.height);
    gl.disable(gl.BLEND);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    gl.useProgram(this.#points);
    const middle = this.#places!.extent.middle;
    for (const [name, row] of [
      ['right', 0],
      ['down', 4],
    ] as const) {
      // Places were moved to their middle before they lost their precision.
      const shift = p[row + 3] + p[row] * middle[0] + p[row + 1] * middle[1] + p[row + 2] * middle[2];
      gl.uniform4f(at(name), p[row] * scale, p[row + 1] * scale, p[row + 2] * scale, shift * scale);
    }
    gl.uniform2f(at('size'), width, height);
    gl.uniform2f(at('cells'), cells.width, cells.height);
    gl.uniform1i(at('dim'), dim ? 1 : 0);
    this.#sampler(this.#points, 'palette', 0, this.#palette);
    gl.drawArrays(gl.POINTS, 0, this.#count);
  }

  /** The largest weight of a cell. */
  #fold(cells: Target): WebGLTexture {
    const gl = this.#gl;
    gl.disable(gl.BLEND);
    gl.useProgram(this.#most);
    let from = cells.texture;
    for (const target of this.#folds) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, target.frame);
      gl.viewport(0, 0, target.width, target.height);
      this.#sampler(this.#most, 'cells', 0, from);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
      from = target.texture;
    }
    return from;
  }

  #upload(places: CloudPlaces, version: number, extent: Extent, look: CloudLook): void {
    const gl = this.#gl;
    const known = this.#places;
    if (known?.of !== places || known.version !== version) {
      this.#places = { of: places, version, extent };
      this.#count = places.x.length;
      PLACES.forEach((name, at) => {
        const column = places[name];
        const middle = extent.middle[at];
        this.#attribute(
          at,
          name,
          column && column.map((value) => value - middle),
          gl.FLOAT,
          0,
          gl.DYNAMIC_DRAW,
        );
      });
    }
    if (this.#look === look) return;
    this.#look = look;
    LOOKS.forEach((name, at) =>
      this.#attribute(3 + at, name, look[name], gl.UNSIGNED_BYTE, USUAL[name], gl.STATIC_DRAW),
    );
    const palette = new Uint8Array(256 * 4).fill(255);
    for (let i = 0; i < look.palette.length / 3; i++)
      palette.set(look.palette.subarray(3 * i, 3 * i + 3), 4 * i);
    gl.bindTexture(gl.TEXTURE_2D, this.#palette);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, palette);
    unfiltered(gl);
  }

  #attribute(
    at: number,
    name: string,
    values: Float32Array<ArrayBuffer> | Uint8Array | null,
    type: number,
    usual: number,
    usage: number,
  ): void {
    const gl = this.#gl;
    if (!values) {
      gl.disableVertexAttribArray(at);
      gl.vertexAttrib1f(at, usual);
      return;
    }
    this.#buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, usage);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, 1, type, false, 0, 0);
  }

  /** Cells of a picture, and what their largest weight is found by. */
  #targets(width: number, height: number): Target {
    const known = this.#cells;
    if (known?.width === width && known.height === height) return known;
    for (const { texture, frame } of known ? [known, ...this.#folds] : []) {
      this.#gl.deleteTexture(texture);
      this.#gl.deleteFramebuffer(frame);
    }
    const gl = this.#gl;
    this.#cells = this.#target(width, height, gl.RGBA32F, gl.RGBA);
    this.#folds = [];
    let [w, h] = [width, height];
    do {
      [w, h] = [Math.ceil(w / FOLD), Math.ceil(h / FOLD)];
      this.#folds.push(this.#target(w, h, gl.R32F, gl.RED));
    } while (w > 1 || h > 1);
    return this.#cells;
  }

  #target(width: number, height: number, inside: number, format: number): Target {
    const gl = this.#gl;
    const [texture, frame] = [gl.createTexture(), gl.createFramebuffer()];
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, inside, width, height, 0, format, gl.FLOAT, null);
    unfiltered(gl);
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    return { texture, frame, width, height };
  }

  #sampler(of: WebGLProgram, name: string, unit: number, texture: WebGLTexture): void {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.uniform1i(gl.getUniformLocation(of, name), unit);
  }
}

/** Whether the processor plays the card, which browsers do not always admit when they are asked for a real one. */
function isPlayed(gl: WebGL2RenderingContext): boolean {
  const told = gl.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = told && gl.getParameter(told.UNMASKED_RENDERER_WEBGL);
  return typeof name === 'string' && /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

/** Textures here are tables: no number between two others. */
function unfiltered(gl: WebGL2RenderingContext): void {
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
}

function program(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const made = gl.createProgram();
  for (const [kind, text] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  [...PLACES, ...LOOKS].forEach((name, at) => gl.bindAttribLocation(made, at, name));
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS))
    throw new Error(gl.getProgramInfoLog(made) ?? 'no program');
  return made;
}
