/** The server refused, or could not be reached; `message` tells the user what to do. */
export class Refused extends Error {
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

/** Ask for JSON. Throws Refused; an abort passes as it is. */
export async function ask<T>(address: string, signal?: AbortSignal): Promise<T> {
  const answer = await send(address, { headers: { Accept: "application/json" }, ...(signal && { signal }) });
  if (!answer.ok) throw new Refused(await detailOf(answer), answer.status);
  try {
    return (await answer.json()) as T;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refused("The answer was not the viewer's. Reload the page; you may have to sign in again.", answer.status);
  }
}

/** Ask for anything. Throws Refused where nobody answers; an abort passes as it is. */
export async function send(address: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Refused("Airflow cannot be reached. Check the connection, then try again.", null);
  }
}

/** The sentence of an error's body, or one made from its status. */
export async function detailOf(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const detail: unknown = (JSON.parse(text) as { detail?: unknown }).detail;
    if (typeof detail === "string") return detail;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  return `The server answered with status ${answer.status}.`;
}
