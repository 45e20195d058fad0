/** Let the browser handle what is waiting: clicks, drawing. */
export function pause(): Promise<void> {
  // A hidden page has no clicks to handle, and its timers take a second each, in which the server waits for it.
  if (document.hidden) return Promise.resolve();
  return new Promise((resolve) => setTimeout(resolve));
}

/** Wait until the browser has drawn the page. A hidden page is not drawn. */
export async function nextPaint(): Promise<void> {
  if (!document.hidden) await Promise.race([new Promise((resolve) => requestAnimationFrame(resolve)), hiding()]);
  await pause();
}

function hiding(): Promise<unknown> {
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}
