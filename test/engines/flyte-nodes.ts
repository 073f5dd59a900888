import { execFile } from 'node:child_process';
import {
  flyteidl,
  functionOf,
  promisesOf,
  type Binding,
  type Literal,
  type Node,
  type Serialized,
} from './flyte-serialized.ts';

/** Where nodes run: the object store, and what their processes are started with. */
export interface Cluster {
  /** Address of the S3 server. */
  readonly endpoint: string;
  readonly bucket: string;
  /** The folder with the project, as the image of a container has it. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly atOnce: number;
}

/** How one node ended. */
export interface NodeRun {
  readonly function: string;
  /** Of its process: of no use, since it is 0 for a task that failed. */
  readonly exitCode: number | null;
  readonly outputs: Readonly<Record<string, Literal>> | undefined;
  /** The message in `error.pb`. */
  readonly error: string | undefined;
  /** What its process said, for whoever looks for the cause. */
  readonly said: string;
}

/** The server of the tests asks for a signature, and does not look at it. */
const signed = {
  Authorization:
    'AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none',
};

/** Puts and gets what is in the store. */
export class Bucket {
  readonly #address: string;

  constructor({ endpoint, bucket }: Pick<Cluster, 'endpoint' | 'bucket'>) {
    this.#address = `${endpoint}/${bucket}`;
  }

  async put(key: string, body: Uint8Array | undefined): Promise<void> {
    const answer = await fetch(`${this.#address}${key === '' ? '' : `/${key}`}`, {
      method: 'PUT',
      headers: signed,
      ...(body ? { body: Buffer.from(body) } : {}),
    });
    if (!answer.ok) throw new Error(`${key}: ${String(answer.status)}`);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const answer = await fetch(`${this.#address}/${key}`, { headers: signed });
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
  }
}

/**
 * Runs each node's own container command as a process, so many at a time, each when those that it takes something from have ended well. It stands in for
 * the scheduler of Flyte alone: commands, types and the way of the data are Flyte's.
 */
export async function runNodes(
  serialized: Serialized,
  inputs: Readonly<Record<string, Literal>>,
  cluster: Cluster,
): Promise<{
  readonly runs: ReadonlyMap<string, NodeRun>;
  readonly mostAtOnce: number;
}> {
  const nodes = (serialized.workflow.nodes ?? []).filter((node) => node.taskNode);
  const runs = new Map<string, NodeRun>();
  const running = new Map<string, Promise<void>>();
  let mostAtOnce = 0;
  const isReady = (node: Node): boolean =>
    !runs.has(node.id ?? '') &&
    !running.has(node.id ?? '') &&
    upstreamOf(node).every((id) => runs.get(id)?.outputs !== undefined);
  for (;;) {
    for (const node of nodes.filter(isReady).slice(0, cluster.atOnce - running.size)) {
      const id = node.id ?? '';
      running.set(
        id,
        runNode(serialized, node, { inputs, runs, cluster }).then((run) => {
          runs.set(id, run);
          running.delete(id);
        }),
      );
    }
    if (running.size === 0) return { runs, mostAtOnce };
    mostAtOnce = Math.max(mostAtOnce, running.size);
    await Promise.race(running.values());
  }
}

function upstreamOf(node: Node): readonly string[] {
  return (node.inputs ?? []).flatMap((input) => promisesOf(input.binding)).map((promise) => promise.node);
}

interface Around {
  readonly inputs: Readonly<Record<string, Literal>>;
  readonly runs: ReadonlyMap<string, NodeRun>;
  readonly cluster: Cluster;
}

async function runNode(serialized: Serialized, node: Node, around: Around): Promise<NodeRun> {
  const { cluster } = around;
  const name = functionOf(node);
  const bucket = new Bucket(cluster);
  const literals = Object.fromEntries(
    (node.inputs ?? []).map((input) => [input.var ?? '', literalOf(input.binding, around)]),
  );
  await bucket.put(`run/${name}/inputs.pb`, flyteidl.core.LiteralMap.encode({ literals }).finish());
  const address = (key: string): string => `s3://${cluster.bucket}/${key}`;
  const places: Readonly<Record<string, string>> = {
    input: address(`run/${name}/inputs.pb`),
    outputPrefix: address(`run/${name}`),
    rawOutputDataPrefix: address(`raw/${name}`),
    checkpointOutputPrefix: address(`checkpoints/${name}`),
    prevCheckpointPrefix: '""',
  };
  const container = serialized.tasks.get(name)?.container;
  const [program = '', ...words] = [...(container?.command ?? []), ...(container?.args ?? [])].map((word) =>
    word.replaceAll(/\{\{\s*\.(\w+)\s*\}\}/g, (_, place: string) => places[place] ?? ''),
  );
  const own = Object.fromEntries((container?.env ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
  const { exitCode, said } = await start(program, words, {
    ...cluster,
    environment: { ...cluster.environment, ...own },
  });
  const [outputs, error] = await Promise.all([
    bucket.get(`run/${name}/outputs.pb`),
    bucket.get(`run/${name}/error.pb`),
  ]);
  return {
    function: name,
    exitCode,
    said,
    outputs: outputs === undefined ? undefined : flyteidl.core.LiteralMap.decode(outputs).literals,
    error: error === undefined ? undefined : (flyteidl.core.ErrorDocument.decode(error).error?.message ?? ''),
  };
}

async function start(
  program: string,
  words: readonly string[],
  { folder, environment }: Cluster,
): Promise<Pick<NodeRun, 'exitCode' | 'said'>> {
  return await new Promise((resolve) => {
    const options = { cwd: folder, env: environment, maxBuffer: 1 << 26 };
    const child = execFile(program, words, options, (error, out, err) => {
      resolve({ exitCode: child.exitCode, said: `${error?.message ?? ''}\n${out}\n${err}` });
    });
  });
}

function literalOf(binding: Binding | null | undefined, { inputs, runs }: Around): Literal {
  if (binding?.promise) {
    const { nodeId, var: name } = binding.promise;
    const from = nodeId ? runs.get(nodeId)?.outputs : inputs;
    const found = from?.[name ?? ''];
    if (found === undefined) throw new Error(`${nodeId ?? 'the workflow'} has no ${name ?? ''}`);
    return found;
  }
  if (binding?.collection) {
    const around = { inputs, runs } as Around;
    return { collection: { literals: (binding.collection.bindings ?? []).map((one) => literalOf(one, around)) } };
  }
  return { scalar: binding?.scalar ?? null };
}
