/** How far outside the window something counts as near, so that it is there when it is scrolled to. */
const MARGIN = '160px';

const watched = new WeakMap<Element, (visible: boolean) => void>();
let observer: IntersectionObserver | null = null;

/**
 * Tells when an element comes near the window and when it leaves; the function returned stops. One observer serves all elements, because
 * a grid has hundreds.
 */
export function onScreen(element: Element, tell: (visible: boolean) => void): () => void {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const entry of entries) watched.get(entry.target)?.(entry.isIntersecting);
    },
    { rootMargin: MARGIN },
  );
  const watching = observer;
  watched.set(element, tell);
  watching.observe(element);
  return () => {
    watched.delete(element);
    watching.unobserve(element);
  };
}
