/** A YAML scalar without its comment and its quotes; true and false in any case. */
export function plainValue(written: string): string {
  const value = written
    .replace(/(?:^|\s)#.*$/, '')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2');
  return /^(?:true|false)$/i.test(value) ? value.toLowerCase() : value;
}
