// Values that a browser can refuse to store. They then last until the page is closed.

const unsaved = new Map<string, string>();

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch (error) {
    if (error instanceof DOMException) return unsaved.get(key) ?? null;
    throw error;
  }
}

export function keep(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    unsaved.set(key, text);
  }
}
