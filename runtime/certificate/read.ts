import { createHash } from 'node:crypto';
import { canonicalJson } from '../../compiler/bundle/canonical.ts';
import type { DiagnosticCode } from '../../compiler/bundle/codes.ts';
import type { Result } from '../../compiler/bundle/diagnostic.ts';
import { findMismatch, isObject } from '../../compiler/bundle/follow-schema.ts';
import type { Digest } from '../../compiler/bundle/format.ts';
import { certificateVersion, type Certificate, type Facts } from './format.ts';
import { certificateSchema } from './schema.ts';

/** SHA-256 of a text. */
export function digestOfText(text: string): Digest {
  return `sha256:${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}

/** The digest of all that a certificate compares. */
export function digestOfFacts(facts: Facts): Digest {
  return digestOfText(canonicalJson(facts));
}

/** The text of a certificate: sorted keys, a fact a line, so that two can be compared by any program that compares files. */
export function writeCertificate(facts: Facts, made: Certificate['made']): string {
  const whole: Certificate = { formatVersion: certificateVersion, digest: digestOfFacts(facts), facts, made };
  return `${JSON.stringify(JSON.parse(canonicalJson(whole)), null, 1)}\n`;
}

function refuse(code: DiagnosticCode, message: string, help: string): Result<never> {
  return { ok: false, error: [{ code, severity: 'error', message, help, related: [] }] };
}

const another = 'Name a file that cellwright verify NB --certificate FILE has written.';

/**
 * Reads the text of a certificate: its version, its shape, and whether its facts are those that were written. Never throws on any input.
 * @param shown how the file is called in messages
 */
export function readCertificate(text: string, shown: string): Result<Certificate> {
  try {
    return readSafely(text, shown);
  } catch (error) {
    if (error instanceof SyntaxError) return refuse('CW602', `${shown} is not valid JSON.`, another);
    // Nested more deeply than any certificate.
    if (error instanceof RangeError) return refuse('CW602', `${shown} is no certificate.`, another);
    throw error;
  }
}

function readSafely(text: string, shown: string): Result<Certificate> {
  const parsed: unknown = JSON.parse(text);
  if (!isObject(parsed) || !('facts' in parsed) || !('formatVersion' in parsed)) {
    return refuse('CW602', `${shown} is JSON, and no certificate.`, another);
  }
  const { formatVersion } = parsed;
  if (formatVersion !== certificateVersion) {
    const message = `${shown} has format version ${JSON.stringify(formatVersion)}; this program reads version ${String(certificateVersion)}.`;
    return refuse('CW603', message, 'Check it with the version of Cellwright that made it, or make it again.');
  }
  const changed = 'Take the file from where it was published, or make a new one with verify NB --certificate FILE.';
  const problem = findMismatch(parsed, certificateSchema);
  if (problem !== undefined) return refuse('CW604', `${shown} is damaged: ${problem}.`, changed);
  // The schema has just been checked, and it says the same as the type.
  const certificate = parsed as unknown as Certificate;
  if (digestOfFacts(certificate.facts) === certificate.digest) return { ok: true, value: certificate };
  return refuse('CW604', `${shown} was changed after it was made: its facts do not have the digest it names.`, changed);
}
