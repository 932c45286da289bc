/** Numbers and times as people read them. Everything here is pure: the present moment is an argument. */

/** Shown where nothing was logged; missing is missing, never zero. */
export const MISSING = '–';

/** Made once: making one takes longer than formatting a hundred numbers. */
const GROUPED = new Intl.NumberFormat('en');

/** A count in three digits and a unit: `950`, `9,500`, `12.3k`, `1.25M`. */
export function compactCount(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  const size = Math.abs(value);
  for (const [from, unit, name] of UNITS) {
    // 999,950 would be 1000k.
    if (size >= from * 0.9995) return `${trimmed(value / unit, 3)}${name}`;
  }
  return Number.isInteger(value) ? GROUPED.format(value) : trimmed(value, 4);
}

const UNITS: readonly [from: number, unit: number, name: string][] = [
  [1e12, 1e12, 'T'],
  [1e9, 1e9, 'G'],
  [1e6, 1e6, 'M'],
  [1e4, 1e3, 'k'],
];

/** All digits, in groups: `1,234,567`. */
export function exactCount(value: number | null | undefined): string {
  return value === null || value === undefined ? MISSING : GROUPED.format(Math.round(value));
}

/** A measured value with `digits` significant digits: `0.00123`, `-14.2`, `3.1e-7`, `NaN`. */
export function value(number: number | null | undefined, digits = 4): string {
  if (number === null || number === undefined) return MISSING;
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number > 0 ? '∞' : '−∞';
  if (number === 0) return '0';
  const size = Math.abs(number);
  const text =
    size >= 1e6 || size < 1e-4
      ? number
          .toExponential(Math.max(0, digits - 2))
          .replace(/\.?0+e/, 'e')
          .replace('e+', 'e')
      : trimmed(number, Math.max(digits, Math.ceil(Math.log10(size + 1))));
  return text.replace('-', '−').replace('e-', 'e−');
}

/** A span of time in its two largest units: `42 s`, `3 min 5 s`, `2 h 14 min`, `5 d 3 h`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return MISSING;
  if (seconds < 0) return `−${duration(-seconds)}`;
  if (seconds < 10 && !Number.isInteger(seconds)) return `${trimmed(seconds, 2)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pairs: [number, string, number, string][] = [
    [86_400, 'd', 3600, 'h'],
    [3600, 'h', 60, 'min'],
    [60, 'min', 1, 's'],
  ];
  for (const [large, largeName, small, smallName] of pairs) {
    if (whole < large) continue;
    const rest = Math.floor((whole % large) / small);
    return `${Math.floor(whole / large)} ${largeName}${rest ? ` ${rest} ${smallName}` : ''}`;
  }
  return MISSING;
}

/** How long ago: `now`, `5 min ago`, `3 d ago`. Times are microseconds since 1970. */
export function ago(timeUs: number | null | undefined, nowUs: number): string {
  if (!timeUs) return MISSING;
  const seconds = (nowUs - timeUs) / 1e6;
  if (seconds < 45) return 'now';
  for (const [size, name] of [
    [86_400 * 365, 'y'],
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
  ] as const) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${name} ago`;
  }
  return '1 min ago';
}

/** Date and time of the reader's clock, to the second. */
export function dateTime(timeUs: number | null | undefined): string {
  if (!timeUs) return MISSING;
  const date = new Date(timeUs / 1000);
  const two = (number: number) => String(number).padStart(2, '0');
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  );
}

/** Significant digits without trailing zeros and without an exponent. */
function trimmed(number: number, digits: number): string {
  const size = Math.abs(number);
  const decimals = size === 0 ? 0 : Math.min(12, Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
  const text = number.toFixed(decimals);
  return decimals > 0 ? text.replace(/\.?0+$/, '') : text;
}
