// The public index keeps each file under a digest of its content, and so do its mirrors.
const ofPublicIndex = /\/(packages\/[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{60}\/[^/]+)$/;
const ofTestIndex = /^https?:\/\/test-files\.pythonhosted\.org\//;

/**
 * The address of a file as a lock has it. A mirror's own address, and what it takes to come in, are nobody else's: a file of the public index gets the
 * public address, and any other address loses its name, password and query.
 */
export function canonicalAddress(address: string): string {
  const plain = address.replace(/[?#].*$/, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1');
  const path = ofTestIndex.test(plain) ? undefined : ofPublicIndex.exec(plain)?.[1];
  return path === undefined ? plain : `https://files.pythonhosted.org/${path}`;
}
