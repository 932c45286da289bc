const EPISODES_MAX = 10_000;

/** `0-3+7` are the episodes 0, 1, 2, 3 and 7; null when it is nothing of the kind. */
export function numbersOf(text: string): number[] | null {
  const numbers = new Set<number>();
  for (const part of text.split(/[+,\s]+/).filter(Boolean)) {
    const found = /^(\d{1,9})(?:[-–](\d{1,9}))?$/.exec(part);
    if (!found) return null;
    const [from, to] = [Number(found[1]), Number(found[2] ?? found[1])];
    if (to < from || to - from >= EPISODES_MAX) return null;
    for (let number = from; number <= to; number++) numbers.add(number);
    if (numbers.size > EPISODES_MAX) return null;
  }
  return numbers.size === 0 ? null : [...numbers].sort((a, b) => a - b);
}

/** The inverse of [`numbersOf`]. */
export function numbersText(numbers: readonly number[], separator = '+'): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const from = numbers[i];
    while (numbers[i + 1] === numbers[i] + 1) i += 1;
    parts.push(numbers[i] === from ? String(from) : `${from}-${numbers[i]}`);
  }
  return parts.join(separator);
}
