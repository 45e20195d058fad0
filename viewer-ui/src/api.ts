import { linesOf } from "./lines.ts";

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
  return parse<T>(await whole(address, { headers: { Accept: "application/json" }, ...(signal && { signal }) }));
}

/** Request JSON lines; each is there as soon as it has arrived. Throws Refused; an abort is thrown unchanged. */
export async function* askLines(address: string, signal: AbortSignal): AsyncGenerator<unknown> {
  const answer = await send(address, { headers: { Accept: "application/x-ndjson" }, signal });
  try {
    for await (const line of linesOf(answer.body)) yield parse(line);
  } catch (error) {
    throw connectionError(error);
  }
}

function parse<T>(text: string): T {
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
    await whole(address, { headers: { Range: "bytes=0-0" } });
    return null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.message;
  }
}

/** The server's response as text. Throws Refused. */
async function whole(address: string, request: RequestInit): Promise<string> {
  const answer = await send(address, request);
  try {
    return await answer.text();
  } catch (error) {
    throw connectionError(error);
  }
}

/** The server's response, of which the body has not arrived yet. Throws Refused. */
async function send(address: string, request: RequestInit): Promise<Response> {
  try {
    const answer = await fetch(address, request);
    if (!answer.ok) throw new Refused(detailOf(await answer.text(), answer.status), answer.status);
    return answer;
  } catch (error) {
    throw connectionError(error);
  }
}

/** The error to throw. A TypeError means that there is no connection, or that it broke. */
function connectionError(error: unknown): unknown {
  if (!(error instanceof TypeError)) return error;
  return new Refused("Airflow cannot be reached. Check the connection, then try again.", null);
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
