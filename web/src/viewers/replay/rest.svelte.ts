/** Longest that the rest of the page waits for the first picture. */
const PICTURE_MS_MAX = 600;

/** Whether what can wait for the first picture may come: making it takes longer than the picture does. */
export class Rest {
  isHere = $state(false);

  /** Begins to wait for a picture, or for none; the function returned stops it. */
  await(firstPicture: Promise<void> | null): () => void {
    if (!firstPicture) {
      this.isHere = true;
      return () => undefined;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    let frame = 0;
    const show = () => {
      clearTimeout(timer);
      // A task after the next picture of the screen, so that the screen has shown it.
      frame = requestAnimationFrame(() => (timer = setTimeout(() => (this.isHere = true))));
    };
    timer = setTimeout(show, PICTURE_MS_MAX);
    void firstPicture.then(show);
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }
}
