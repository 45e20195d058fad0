/** The lines of a response, each as soon as it is complete. The last one needs no line break. */
export async function* linesOf(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): AsyncGenerator<string> {
  if (body === null) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let begun: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    let from = 0;
    for (let end = value.indexOf("\n"); end >= 0; end = value.indexOf("\n", from)) {
      yield begun.join("") + value.slice(from, end);
      begun = [];
      from = end + 1;
    }
    if (from < value.length) begun.push(value.slice(from));
  }
  if (begun.length > 0) yield begun.join("");
}
