/** Lets timers, signals and the page run between steps. */

type Schedule = (callback: () => void) => void;

/** After all events that wait, without the 4 ms that browsers add to nested timeouts. */
export function yieldToEvents(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: Schedule };
  if (setImmediate !== undefined) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
