/**
 * Colours for numbers laid over pictures: anchors at even distances, mixed in sRGB between them.
 *
 * **Source** viridis, magma: van der Walt and Smith 2015; cividis: Nuñez, Anderton and Renslow 2018; the diverging ones: Brewer's
 * `RdBu` and `PRGn`, 1994, cold below zero. All are told apart by every kind of sight, and their lightness ascends evenly with magnitude.
 */
export interface ColourMap {
  title: string;
  /** One colour in the middle for zero, and a side for each sign; otherwise magnitude alone has a colour. */
  diverging: boolean;
  /** Empty for the colours of the page. */
  anchors: readonly string[];
}

export const COLOUR_MAPS = {
  page: { title: 'orange, blue', diverging: true, anchors: [] },
  'red-blue': {
    title: 'red, blue',
    diverging: true,
    anchors: [
      '#053061',
      '#2166ac',
      '#4393c3',
      '#92c5de',
      '#d1e5f0',
      '#f7f7f7',
      '#fddbc7',
      '#f4a582',
      '#d6604d',
      '#b2182b',
      '#67001f',
    ],
  },
  'green-purple': {
    title: 'green, purple',
    diverging: true,
    anchors: [
      '#40004b',
      '#762a83',
      '#9970ab',
      '#c2a5cf',
      '#e7d4e8',
      '#f7f7f7',
      '#d9f0d3',
      '#a6dba0',
      '#5aae61',
      '#1b7837',
      '#00441b',
    ],
  },
  viridis: {
    title: 'viridis',
    diverging: false,
    anchors: [
      '#440154',
      '#482475',
      '#414487',
      '#355f8d',
      '#2a788e',
      '#21918c',
      '#22a884',
      '#44bf70',
      '#7ad151',
      '#bddf26',
      '#fde725',
    ],
  },
  magma: {
    title: 'magma',
    diverging: false,
    anchors: [
      '#000004',
      '#140e36',
      '#3b0f70',
      '#641a80',
      '#8c2981',
      '#b73779',
      '#de4968',
      '#f7705c',
      '#fe9f6d',
      '#fecf92',
      '#fcfdbf',
    ],
  },
  cividis: {
    title: 'cividis',
    diverging: false,
    anchors: [
      '#00204d',
      '#00336f',
      '#39486b',
      '#575d6d',
      '#707173',
      '#8a8779',
      '#a69d75',
      '#c4b56c',
      '#e4cf5b',
      '#ffea46',
    ],
  },
  grey: { title: 'black to white', diverging: false, anchors: ['#000000', '#ffffff'] },
} as const satisfies Record<string, ColourMap>;

export type ColourMapName = keyof typeof COLOUR_MAPS;
