/** What one drawing of a controller shows; `ControllerGlyph.svelte` draws it. Directions are −1, 0 or 1: right and down are 1. */
export type Glyph =
  /** A joystick and what is pressed beside it: `fire` is a filled button, others are buttons with their letters. */
  | { kind: 'stick'; x: number; y: number; buttons: readonly string[] }
  /** One step in a direction. */
  | { kind: 'arrow'; x: number; y: number }
  /** A turn on the spot. */
  | { kind: 'turn'; x: number }
  /** Engines of a lander that burn. */
  | { kind: 'engines'; left: boolean; main: boolean; right: boolean }
  /** Nothing is done. */
  | { kind: 'none' }
  /** Up to three letters. */
  | { kind: 'chip'; text: string };
