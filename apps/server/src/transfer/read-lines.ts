/**
 * The maximum length of a line, longer than any line of an export: an agent with twenty versions of the longest
 * prompts and the most tools.
 */
const LINE_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Yields the lines of a text that arrives in pieces. An empty last line is left out.
 *
 * @throws Error for a line that is too long
 */
export async function* readLines(
  input: AsyncIterable<Uint8Array>,
  bytesMax: number = LINE_BYTES_MAX,
): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let number = 1;
  const take = () => {
    const text = Buffer.concat(parts).toString('utf8');
    parts = [];
    bytes = 0;
    number++;
    return text;
  };
  for await (const chunk of input) {
    for (let from = 0; from < chunk.length; ) {
      const end = chunk.indexOf(0x0a, from);
      const part = chunk.subarray(from, end === -1 ? chunk.length : end);
      bytes += part.length;
      if (bytes > bytesMax) throw new Error(`Line ${number}: it is longer than any line of an export.`);
      parts.push(part);
      if (end === -1) break;
      from = end + 1;
      yield take();
    }
  }
  if (bytes > 0) yield take();
}
