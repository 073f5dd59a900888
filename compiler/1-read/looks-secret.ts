/** Words of names whose values are secrets; `TOKENIZERS_PARALLELISM` has none of them. */
const secretName =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)(?:_|$)/i;
/** Values that are no secret under such a name: they say where one is, or switch something. */
const harmless = /^(?:|true|false|yes|no|on|off|none|\d{1,4}|\/[\w./-]+)$/i;
const secretValues: readonly RegExp[] = [
  // Keys of clouds and code hosts, and tokens of the web, by how they begin.
  /^(?:AKIA|ASIA)[A-Z0-9]{16}$/,
  /^(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|sk_live_|hf_|pypi-)[\w-]{16,}$/,
  /^eyJ[\w-]{8,}\.[\w-]+\.[\w-]*$/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // Somebody's password in an address.
  /^[a-z][\w+.-]*:\/\/[^/\s:@]+:[^/\s@]+@/i,
];
/** From this length on a word with letters of both cases and digits is hardly ever written by hand. */
const shortestKey = 32;

/** True for a value that had better not stand in a notebook. */
export function looksSecret(name: string, value: string): boolean {
  if (secretName.test(name) && !harmless.test(value)) return true;
  if (secretValues.some((pattern) => pattern.test(value))) return true;
  const isWord = value.length >= shortestKey && /^[\w+/=-]+$/.test(value);
  return isWord && /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
}
