/** How often ages on the screen are brought up to date. */
const TICK_MS = 5000;

/** The present moment, for ages: moves every few seconds. */
export class Now {
  /** Microseconds since 1970. */
  us = $state(Date.now() * 1000);

  start(): () => void {
    const timer = setInterval(() => (this.us = Date.now() * 1000), TICK_MS);
    return () => clearInterval(timer);
  }
}
