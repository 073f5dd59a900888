/** Who may come to the driver of a run, and what is believed of what comes. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Gate } from '../../runtime/hosts/gate.ts';
import { differencesOf, type Installation } from '../../runtime/hosts/installation.ts';
import type { FromHost, HostLink } from '../../runtime/hosts/host-link.ts';
import { newNonce, proofOf, Seals, type Greeting } from '../../runtime/hosts/proof.ts';
import { SocketReader } from '../../runtime/hosts/socket-reader.ts';

const token = 'a token of 32 bytes, as it were';
const objects = mkdtempSync(path.join(tmpdir(), 'cellwright-gate-'));
let gate: Gate;
let links: HostLink[] = [];
let heard: FromHost[] = [];

beforeEach(async () => {
  links = [];
  heard = [];
  const onHost = (link: HostLink): void => {
    links.push(link);
    link.onMessage = (message) => heard.push(message);
  };
  gate = await Gate.open({ address: '127.0.0.1', port: 0, token, objects, onHost });
});

afterEach(() => {
  for (const link of links) link.end();
  gate.close();
  rmSync(path.join(objects, 'objects'), { recursive: true, force: true });
});

interface Visit {
  readonly socket: Socket;
  readonly reader: SocketReader;
  readonly greeting: Greeting;
  /** The driver's proof; undefined when it hung up. */
  readonly answer: string | undefined;
}

async function visit(role: string, knows: string): Promise<Visit> {
  const socket = connect(gate.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const reader = new SocketReader(socket);
  const { nonce } = JSON.parse((await reader.line(1000)) ?? '{}') as { nonce: string };
  const greeting: Greeting = { role, name: 'h', nonces: [nonce, newNonce()] };
  const said = { role, name: 'h', nonce: greeting.nonces[1], proof: proofOf(knows, 'host', greeting) };
  socket.write(`${JSON.stringify(said)}\n`);
  const line = await reader.line(1000);
  return { socket, reader, greeting, answer: line && (JSON.parse(line) as { proof: string }).proof };
}

/** What a host writes on the way: `Seals` seals what the driver writes. */
function sealed(greeting: Greeting, numbers: readonly number[], texts: readonly string[]): string {
  return texts.map((text, place) => sealUp(greeting, numbers[place] ?? 0, text)).join('');
}

function sealUp(greeting: Greeting, number: number, text: string): string {
  const key = Buffer.from(proofOf(token, 'session', greeting), 'hex');
  return `${createHmac('sha256', key)
    .update(`up ${String(number)} `)
    .update(text)
    .digest('hex')} ${text}\n`;
}

async function untilClosed(socket: Socket): Promise<void> {
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
}

test('who knows the token gets in, and can tell that the driver does too', async () => {
  const { socket, greeting, answer } = await visit('host', token);
  expect(answer).toBe(proofOf(token, 'driver', greeting));
  const said = JSON.stringify({ type: 'said', text: 'one' });
  socket.write(sealed(greeting, [0, 1], [said, said]));
  await expect.poll(() => heard.length).toBe(2);
  const received = new Seals(token, greeting);
  expect(received.open('no code at all')).toBeUndefined();
});

test('who does not know it is sent away without a word', async () => {
  const { socket, answer } = await visit('host', 'another token');
  expect(answer).toBeUndefined();
  await untilClosed(socket);
  expect(links).toEqual([]);
});

test.each([
  ['said twice', [0, 0]],
  ['left out', [0, 2]],
])('a message that is %s ends the connection', async (_, numbers) => {
  const { socket, greeting } = await visit('host', token);
  const said = JSON.stringify({ type: 'said', text: 'one' });
  socket.write(sealed(greeting, numbers, [said, said]));
  await untilClosed(socket);
  expect(heard.length).toBe(1);
});

test('objects are put and got whole, and only by their names', async () => {
  const { socket, reader } = await visit('objects', token);
  const digest = `sha256:${'ab'.repeat(32)}`;
  const ask = async (text: string): Promise<string | undefined> => {
    socket.write(text);
    return await reader.line(1000);
  };
  expect(await ask(`has ${digest}\n`)).toBe('no');
  expect(await ask(`put ${digest} 5\n`)).toBe('send');
  expect(await ask('hello')).toBe('kept');
  expect(readFileSync(path.join(objects, 'objects', 'ab', 'ab'.repeat(32)), 'utf8')).toBe('hello');
  expect(await ask(`put ${digest} 5\n`)).toBe('there');
  expect(await ask(`get ${digest}\n`)).toBe('5');
  const parts: Buffer[] = [];
  await reader.bytes(5, (part) => parts.push(part));
  expect(Buffer.concat(parts).toString()).toBe('hello');
  socket.write('get ../../etc/passwd\n');
  await untilClosed(socket);
});

test('an object that comes in half is none', async () => {
  const { socket, reader } = await visit('objects', token);
  const digest = `sha256:${'cd'.repeat(32)}`;
  socket.write(`put ${digest} 5\nhel`);
  expect(await reader.line(1000)).toBe('send');
  socket.end();
  await untilClosed(socket);
  const other = await visit('objects', token);
  other.socket.write(`has ${digest}\n`);
  expect(await other.reader.line(1000)).toBe('no');
  other.socket.destroy();
});

test('what differs between two machines is named', () => {
  const here: Installation = {
    ...{ python: '3.11.7', implementation: 'cpython', machine: 'x86_64', system: 'linux', libc: 'glibc 2.36' },
    ...{ executable: '/env/bin/python', path: ['/env/lib'], processor: 'one', name: 'a', zone: 'UTC', locale: 'C' },
    packages: { numpy: '2.4.6 (aa)', pandas: '3.1.1 (bb)' },
  };
  expect(differencesOf(here, { ...here, processor: 'another', name: 'b' })).toEqual([]);
  const there = { ...here, python: '3.12.1', packages: { numpy: '2.4.5 (ff)' } };
  expect(differencesOf(here, there)).toEqual([
    'Python is 3.12.1 there and 3.11.7 here',
    'numpy is 2.4.5 (ff) there and 2.4.6 (aa) here',
    'pandas is not installed there and 3.1.1 (bb) here',
  ]);
});
