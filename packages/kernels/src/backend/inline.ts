/** Decodes bytes that the build inlined as gzipped base64 (`assembly/build.mjs`). */
export async function decodeInlined(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const binary = atob(text);
  const packed = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) packed[i] = binary.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
