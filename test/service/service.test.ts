/** `cellwright serve --stdio` as an editor speaks with it: runs go on without it, and are followed by another one. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCodes, protocolVersion, type Notification } from '../../extensions/service/protocol.ts';
import { environmentIn, program, serve, type Served } from './connection.ts';

const notebook = `# %% tags=["parameters"]
wait = 0.0
# %%
print("first")
# %%
import time
open("started", "w").close()
for step in range(int(wait * 20)):
    time.sleep(0.05)
print("second")
# %%
print("third")
`;

let folder: string;
const services: Served[] = [];
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-service-'));
  writeFileSync(path.join(folder, 'n.py'), notebook);
});
afterAll(async () => {
  await Promise.all(services.map(async (one) => await one.end()));
  rmSync(folder, { recursive: true, force: true });
});

async function open(variables: Readonly<Record<string, string>> = {}): Promise<Served> {
  const service = serve(folder, variables);
  services.push(service);
  await service.request('initialize', { protocol: protocolVersion });
  return service;
}

const isEnd = (run: string) => (said: Notification) => said.method === 'run-ended' && said.params.run === run;
const typesOf = (service: Served, run: string): readonly string[] =>
  service.heard.flatMap((said) =>
    said.method === 'run-event' && said.params.run === run ? [said.params.event.type] : [],
  );
const textOf = (service: Served): string =>
  service.heard
    .flatMap((said) => (said.method === 'run-outputs' ? [JSON.stringify(said.params.outputs)] : []))
    .join('');

describe('requests', () => {
  test('another version of the protocol is refused, and so is a request before the first', async () => {
    const service = serve(folder);
    services.push(service);
    await expect(service.request('active', { notebook: 'n.py' })).rejects.toMatchObject({
      code: errorCodes.notInitialized,
    });
    await expect(service.request('initialize', { protocol: 99 })).rejects.toMatchObject({
      code: errorCodes.otherVersion,
      message: expect.stringContaining('Bring both to the same version') as string,
    });
  });

  test('a command gives its document; others than those of the list, options and files are refused', async () => {
    const service = await open();
    const { exitCode, document } = await service.request('command', { arguments: ['status', 'n.py'], folder: '.' });
    expect({ exitCode, ...document }).toMatchObject({ exitCode: 0, command: 'status', run: 3, unknown: 1 });
    const refused = async (words: string[]): Promise<unknown> =>
      await service.request('command', { arguments: words, folder: '.' }).catch((error: unknown) => error);
    expect(await refused(['run', 'n.py'])).toMatchObject({ code: errorCodes.notAllowed });
    expect(await refused(['serve', '--stdio'])).toMatchObject({ code: errorCodes.notAllowed });
    const start = async (words: string[]): Promise<unknown> =>
      await service.request('start', { notebook: 'n.py', arguments: words }).catch((error: unknown) => error);
    expect(await start(['-o', '/tmp/elsewhere.ipynb'])).toMatchObject({ code: errorCodes.notAllowed });
    expect(await start(['--state', '/tmp/elsewhere'])).toMatchObject({ code: errorCodes.notAllowed });
    expect(await start(['--only'])).toMatchObject({ code: errorCodes.invalidParams });
  });

  test('a run that cannot start says why, with the document of the command, and leaves nothing', async () => {
    const service = await open();
    const error = await service
      .request('start', { notebook: 'n.py', arguments: ['-p', 'wiat', '1'] })
      .catch((one: unknown) => one);
    expect(error).toMatchObject({
      code: errorCodes.notStarted,
      message: expect.stringContaining('wiat') as string,
      data: { status: 'usage', exitCode: 2 },
    });
    const states = path.join(folder, 'cache', 'cellwright');
    const [state = ''] = readdirSync(states);
    expect(readdirSync(path.join(states, state, 'runs'))).toEqual([]);
  });
});

describe('runs', () => {
  test('a run goes on when its service is killed; another one tells it from the beginning to its end', async () => {
    const first = await open();
    const { run } = await first.request('start', { notebook: 'n.py', arguments: ['-p', 'wait', '3'] });
    await first.request('follow', { notebook: 'n.py', run });
    await first.hear((said) => said.method === 'run-outputs' && JSON.stringify(said.params.outputs).includes('first'));
    first.child.kill('SIGKILL');
    const second = await open();
    const { runs } = await second.request('active', { notebook: 'n.py' });
    expect(runs.map((one) => one.run)).toEqual([run]);
    await second.request('follow', { notebook: 'n.py', run, from: 0 });
    const { params } = await second.hear(isEnd(run));
    expect(params).toMatchObject({ run, end: 'ok' });
    const types = typesOf(second, run);
    expect([types[0], types.at(-1)]).toEqual(['run-started', 'run-finished']);
    expect(textOf(second)).toMatch(/first.*second.*third/s);
    const sequences = second.heard.flatMap((said) => (said.method === 'run-event' ? [said.params.sequence] : []));
    expect(sequences).toEqual(sequences.map((_, place) => place));
    // What was kept beside the log for who follows is gone: the executed notebook has it.
    const states = path.join(folder, 'cache', 'cellwright');
    const [state = ''] = readdirSync(states);
    expect(existsSync(path.join(states, state, 'runs', run, 'shown'))).toBe(false);
    // Reopened after its end it tells the same.
    const third = await open();
    await third.request('follow', { notebook: 'n.py', run, from: 3 });
    await third.hear(isEnd(run));
    expect(typesOf(third, run)).toEqual(types.slice(3));
    expect(textOf(third)).toMatch(/first.*second.*third/s);
  });

  test('a run is stopped, as by Ctrl-C', async () => {
    rmSync(path.join(folder, 'started'), { force: true });
    const service = await open();
    const { run } = await service.request('start', { notebook: 'n.py', arguments: ['-p', 'wait', '60'] });
    await service.request('follow', { notebook: 'n.py', run });
    await service.hear(
      (said) => said.method === 'run-outputs' && JSON.stringify(said.params.outputs).includes('first'),
    );
    expect(await service.request('stop', { notebook: 'n.py', run })).toEqual({ stopped: true });
    expect((await service.hear(isEnd(run))).params).toMatchObject({ end: 'interrupted' });
    expect(await service.request('stop', { notebook: 'n.py', run })).toEqual({ stopped: false });
    expect(await service.request('active', { notebook: 'n.py' })).toEqual({ runs: [] });
  });

  test('a run whose process is killed is told to be; what its cells showed is there, and no secret is in it', async () => {
    const source =
      '# %% tags=["parameters"]\ntoken = ""\n# %%\nprint("it is", token)\n# %%\nimport time\ntime.sleep(60)\n';
    writeFileSync(path.join(folder, 'secret.py'), source);
    const service = await open({ CELLWRIGHT_TEST_TOKEN: 'open-sesame-42' });
    const words = ['-p', 'token', 'env:CELLWRIGHT_TEST_TOKEN'];
    const { run } = await service.request('start', { notebook: 'secret.py', arguments: words });
    await service.request('follow', { notebook: 'secret.py', run });
    await service.hear(
      (said) => said.method === 'run-outputs' && JSON.stringify(said.params.outputs).includes('it is'),
    );
    const { document } = await service.request('command', { arguments: ['show', run], folder: '.' });
    const kept = path.dirname(String(document['log']));
    const { pid } = JSON.parse(readFileSync(path.join(kept, 'owner.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    expect((await service.hear(isEnd(run))).params).toMatchObject({ end: 'killed' });
    const files = readdirSync(kept, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const texts = files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'));
    expect(files.map(({ parentPath }) => path.basename(parentPath))).toContain('shown');
    expect([...texts, JSON.stringify(service.heard)].filter((text) => text.includes('open-sesame-42'))).toEqual([]);
    expect(textOf(service)).toContain('it is ••••');
  });

  test('the runs of a matrix are told one by one, and their end together', async () => {
    const service = await open();
    const { run } = await service.request('start', { notebook: 'n.py', arguments: ['--matrix', 'wait=0.1,0.2'] });
    await service.request('follow', { notebook: 'n.py', run });
    expect((await service.hear(isEnd(run))).params).toMatchObject({ end: 'ok' });
    for (const variant of [`${run}-0001`, `${run}-0002`]) expect(typesOf(service, variant).at(-1)).toBe('run-finished');
  });

  test('the name of a run that there is already is not taken again', async () => {
    const service = await open();
    const { document } = await service.request('command', { arguments: ['runs', 'n.py'], folder: '.' });
    const recorded = (document['runs'] as { run: string }[]).map(({ run }) => run);
    const run = recorded.find((name) => !/-\d{4}$/.test(name)) ?? '';
    const words = [program, 'run', 'n.py', '-q', '--follow-as', run];
    const { status, stderr } = spawnSync(process.execPath, words, {
      cwd: folder,
      env: environmentIn(folder),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('already') as string });
  });
});
