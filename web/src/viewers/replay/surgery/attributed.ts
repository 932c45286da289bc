import { parseWhy, type Question } from '../why/why_spec';

/** How the attributions before and after are made. */
export interface AttributedSpec {
  /** They are shown. */
  on: boolean;
  /** Chosen here, in place of the method of Why. */
  isOwn: boolean;
  method: string;
  /** Settings that are not as the method would have them. */
  params: Readonly<Record<string, string>>;
}

type Read = (name: string) => string | null;

/** Reads the address: `attributed` has a method and its settings, `occlusion,window:4`; empty for those of Why. */
export function parseAttributed(param: Read): AttributedSpec {
  const text = param('attributed');
  const [method = '', ...pairs] = (text ?? '').split(',');
  if (!/^\w+$/.test(method)) {
    const why = parseWhy(param);
    return { on: text !== null, isOwn: false, method: why.method, params: why.params };
  }
  const params = pairs.flatMap((pair) => {
    const [name, ...value] = pair.split(':');
    return name && value.length > 0 ? [[name, value.join(':')] as const] : [];
  });
  return { on: true, isOwn: true, method, params: Object.fromEntries(params) };
}

/** What to write into the address for a method of its own; null for that of Why. */
export function attributedText(own: Pick<Question, 'method' | 'params'> | null): string {
  if (own === null) return '';
  const pairs = Object.keys(own.params).toSorted();
  return [own.method, ...pairs.map((name) => `${name}:${own.params[name]}`)].join(',');
}

/** What is asked of a method; settings as usual are left out. */
export function askedOf({ method, params }: AttributedSpec, target: string) {
  return Object.keys(params).length > 0 ? { method, target, settings: params } : { method, target };
}
