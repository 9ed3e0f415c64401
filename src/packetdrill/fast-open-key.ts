/** `net.ipv4.tcp_fastopen_key`: four words of hex joined by `-`, the primary key before a comma. */
export function fastOpenKeyWords(text: string | undefined): Int32Array | undefined {
  const words = text?.split(',')[0]?.split('-') ?? [];
  if (words.length !== 4 || !words.every((word) => /^[0-9a-f]{1,8}$/i.test(word))) return undefined;
  return Int32Array.from(words, (word) => Number.parseInt(word, 16));
}
