import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What both sides of a connection have said before they trust each other; `driver.py` has the other side of it. */
export interface Greeting {
  readonly role: string;
  readonly name: string;
  /** Made from chance by the driver, and by the other side: nothing that was said before can be said again. */
  readonly nonces: readonly [string, string];
}

/** A number that nobody can guess. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

/** Shows that who says it knows the token. */
export function proofOf(token: string, who: 'driver' | 'host' | 'session', { role, name, nonces }: Greeting): string {
  return createHmac('sha256', token)
    .update([who, role, name, ...nonces].join('\n'))
    .digest('hex');
}

/** Compares without telling by its time how much is right. */
export function isSame(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** The codes of the messages of one connection: each is for one direction, one place in the order and one text. */
export class Seals {
  readonly #key: Buffer;
  #sent = 0;
  #received = 0;

  constructor(token: string, greeting: Greeting) {
    this.#key = Buffer.from(proofOf(token, 'session', greeting), 'hex');
  }

  /** A message as it goes on the way. */
  seal(text: string): string {
    return `${this.#code('down', this.#sent++, text)} ${text}\n`;
  }

  /** The message in a line; undefined when it is not the next one of the other side. */
  open(line: string): string | undefined {
    const end = line.indexOf(' ');
    const text = line.slice(end + 1);
    const isTheirs = end > 0 && isSame(line.slice(0, end), this.#code('up', this.#received, text));
    this.#received++;
    return isTheirs ? text : undefined;
  }

  #code(direction: 'up' | 'down', number: number, text: string): string {
    return createHmac('sha256', this.#key).update(`${direction} ${number} `).update(text).digest('hex');
  }
}
