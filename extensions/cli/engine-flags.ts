import { engineKinds, type EngineAsked, type StoreAsked } from '../../runtime/index.ts';
import { hasFlag, lastValue, type Flag, type ParsedArguments } from './args.ts';
import { isFolder } from './files.ts';
import { usage, type Outcome } from './host.ts';
import { flyteFlags } from './options.ts';

/** Where tasks run besides this machine. */
export const engineFlags: readonly Flag[] = [
  {
    name: 'on',
    values: ['URL'],
    help: 'run tasks on a cluster: ray://HOST:PORT, dask://HOST:PORT, or local://N for N hosts on this machine; flyte: run it as a workflow of Flyte, by flytekit in the interpreter',
  },
  { name: 'hosts', values: ['N'], help: 'with --on: at most so many tasks at once there (default: its processors)' },
  {
    name: 'store',
    values: ['URL'],
    help: 'with --on: where stored values are for all machines: file:///DIR, s3://BUCKET/PREFIX or what else fsspec knows (default: this machine)',
  },
  {
    name: 'shared-folder',
    values: [],
    help: 'with --on: all machines have the folder of the notebook at the same path',
  },
  {
    name: 'driver-address',
    values: ['HOST[:PORT]'],
    help: 'with --on: where the other machines find this one (default: the address from which it reaches the cluster)',
  },
  {
    name: 'host-patience',
    values: ['SECONDS'],
    help: 'with --on: how long to wait for a first host of the cluster (default: 120)',
  },
];

const patienceByDefault = 120;

/** Reads where tasks are to run besides this machine; undefined: nowhere. */
export function findEngine(parsed: ParsedArguments): Outcome<EngineAsked | undefined> {
  const url = lastValue(parsed, 'on');
  const isGiven = ({ name }: Flag): boolean => hasFlag(parsed, name) || lastValue(parsed, name) !== undefined;
  const ofFlyte = flyteFlags.find(isGiven);
  if (ofFlyte !== undefined) return refuse(`--${ofFlyte.name} is for a run on Flyte.`, 'Say so with --on flyte.');
  if (url === undefined) {
    const alone = engineFlags.find((flag) => flag.name !== 'on' && isGiven(flag));
    if (alone === undefined) return { ok: true, value: undefined };
    return refuse(`--${alone.name} is for a run on a cluster.`, 'Name the cluster with --on ray://HOST:PORT.');
  }
  const [, scheme = '', address = ''] = /^([a-z]+):\/\/([^/]*)\/?$/.exec(url) ?? [];
  const kind = engineKinds.find((known) => known === scheme);
  if (kind === undefined || (kind === 'dask' && address === ''))
    return refuse(
      `--on takes the address of a cluster, not ${url}.`,
      'Write ray://HOST:PORT or dask://HOST:PORT; `run` takes flyte as well.',
    );
  const most = findNumber(parsed, 'hosts');
  if (!most.ok) return most;
  const patience = findNumber(parsed, 'host-patience');
  if (!patience.ok) return patience;
  const store = findStore(parsed);
  if (!store.ok) return store;
  const driver = findDriver(parsed);
  if (!driver.ok) return driver;
  return {
    ok: true,
    value: {
      ...{ kind, url, address, most: most.value, store: store.value, driver: driver.value },
      isShared: hasFlag(parsed, 'shared-folder'),
      patience: patience.value ?? patienceByDefault,
    },
  };
}

function refuse<T>(message: string, help: string): Outcome<T> {
  return { ok: false, result: usage(message, help) };
}

function findNumber(parsed: ParsedArguments, flag: string): Outcome<number | undefined> {
  const given = lastValue(parsed, flag);
  if (given === undefined) return { ok: true, value: undefined };
  const number = Number(given);
  if (Number.isInteger(number) && number >= 1) return { ok: true, value: number };
  return refuse(`--${flag} takes a whole number from 1, not ${given}.`, 'Give the number.');
}

function findStore(parsed: ParsedArguments): Outcome<StoreAsked | undefined> {
  const url = lastValue(parsed, 'store');
  if (url === undefined) return { ok: true, value: undefined };
  if (!/^[a-z][a-z0-9+]*:\/\/./.test(url))
    return refuse(`--store takes a URL, not ${url}.`, 'Write file:///DIR or s3://BUCKET/PREFIX.');
  if (!url.startsWith('file://')) return { ok: true, value: { kind: 'address', url } };
  const path = decodeURIComponent(url.slice('file://'.length));
  if (isFolder(path)) return { ok: true, value: { kind: 'folder', path } };
  return refuse(`${path} is no folder.`, 'Make a folder that every machine has at this path.');
}

function findDriver(parsed: ParsedArguments): Outcome<EngineAsked['driver']> {
  const given = lastValue(parsed, 'driver-address');
  if (given === undefined) return { ok: true, value: undefined };
  const [, bracketed, plain, port = '0'] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(given) ?? [];
  const address = bracketed ?? plain;
  if (address !== undefined && Number(port) < 65_536) return { ok: true, value: { address, port: Number(port) } };
  return refuse(
    `--driver-address takes HOST or HOST:PORT, not ${given}.`,
    'Name this machine as the cluster knows it.',
  );
}
