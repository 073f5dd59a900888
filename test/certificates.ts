import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** False where certificates cannot be made. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Files of a server's certificate, of the authority that gave it, and of another authority. */
export interface Certificates {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  readonly other: string;
}

/** Makes a certificate for 127.0.0.1, by an authority that nobody knows. @param folder that is there */
export function makeCertificates(folder: string): Certificates {
  const call = (...words: string[]): void => {
    const done = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
  };
  for (const name of ['own', 'other'])
    call(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
      ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
    );
  writeFileSync(path.join(folder, 'names'), 'subjectAltName=IP:127.0.0.1\n');
  call('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=server', '-keyout', 'server.key', '-out', 'server.csr');
  call(
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'own.pem', '-CAkey', 'own.key', '-CAcreateserial', '-days', '2'],
    ...['-extfile', 'names', '-out', 'server.pem'],
  );
  const at = (name: string): string => path.join(folder, name);
  return { certificate: at('server.pem'), key: at('server.key'), authority: at('own.pem'), other: at('other.pem') };
}
