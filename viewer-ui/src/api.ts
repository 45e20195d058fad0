/** The server refused, or could not be reached. `message` says what the user can do. */
export class Refused extends Error {
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

/** Request JSON. Throws Refused; an abort is thrown unchanged. */
export async function ask<T>(address: string, signal?: AbortSignal): Promise<T> {
  const text = await send(address, { headers: { Accept: "application/json" }, ...(signal && { signal }) });
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refused("The response is not from the viewer. Reload the page. You might have to sign in again.", null);
  }
}

/** The reason why the server does not send a recording; null if it does. */
export async function refusalOf(address: string): Promise<string | null> {
  try {
    await send(address, { headers: { Range: "bytes=0-0" } });
    return null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.message;
  }
}

/** The server's response as text. Throws Refused. */
async function send(address: string, request: RequestInit): Promise<string> {
  try {
    const answer = await fetch(address, request);
    const text = await answer.text();
    if (!answer.ok) throw new Refused(detailOf(text, answer.status), answer.status);
    return text;
  } catch (error) {
    // fetch throws a TypeError if there is no connection, or if it broke.
    if (!(error instanceof TypeError)) throw error;
    throw new Refused("Airflow cannot be reached. Check the connection, then try again.", null);
  }
}

/** The message in the body of an error, or one from its status. */
function detailOf(body: string, status: number): string {
  try {
    const told: unknown = JSON.parse(body);
    if (told !== null && typeof told === "object" && "detail" in told && typeof told.detail === "string") return told.detail;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return `The server responded with status ${status}.`;
}
