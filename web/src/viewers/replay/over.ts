/** What lies over the picture: why the policy said what it said, or the features of a layer. */
export type Over = 'why' | 'features';

/** What lies there when both are on, as the address has it. */
export function overOf(param: (name: string) => string | null): Over {
  return param('over') === 'features' ? 'features' : 'why';
}
