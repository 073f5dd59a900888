import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { ImportStep } from '../process/protocol.ts';
import type { ProcessParent } from '../process/task-processes.ts';
import type { ForkWish, ParentOptions, TaskProcess } from '../process/worker-parent.ts';
import type { Room } from '../room.ts';
import type { Variables } from '../variables.ts';
import { EngineProgram, type FromEngine } from './engine-program.ts';
import { machineOf, type EngineAsked } from './engine.ts';
import { Gate } from './gate.ts';
import type { FromHost, HostLink } from './host-link.ts';
import { differencesOf, type Installation } from './installation.ts';
import { addressTowards } from './own-address.ts';
import { anotherInstallation, anotherProcessor, engineUnusable, noHost, storeRefused } from './problems.ts';
import { RemoteHost } from './remote-host.ts';
import { hostConfiguration } from './host-configuration.ts';

/** What hosts are started with. */
export interface HostsOptions {
  readonly engine: EngineAsked;
  readonly parent: ParentOptions;
  /** Environment variables of the cells. */
  readonly variables: Variables;
  /** Told when more or fewer tasks can run at once. */
  readonly room: WideRoom;
  /** What is to be told to the user while it happens. */
  readonly onNotice: (text: string) => void;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
  /** Told of objects that are where all machines find them. */
  readonly onShared: (digests: readonly string[]) => void;
}

/** So many hosts may be lost one after the other without one having served. */
const mostInVain = 6;
const homeName = 'home';

/** How many tasks can run at once when there are other machines. */
export class WideRoom implements Room {
  readonly home: number;
  readonly isWide = true;
  #away = 1;
  #changed: (() => void)[] = [];

  constructor(jobs: number) {
    this.home = jobs;
  }

  /** One before the first has come: it lets hosts be asked for. */
  away(): number {
    return this.#away;
  }

  set(away: number): void {
    this.#away = Math.max(away, 1);
    for (const changed of this.#changed) changed();
  }

  listen(changed: () => void): void {
    this.#changed.push(changed);
  }
}

/** Hosts on other machines and one on this, as one source of processes. */
export class Hosts implements ProcessParent {
  readonly #options: HostsOptions;
  readonly #token: string;
  readonly #hosts = new Set<RemoteHost>();
  #gate: Gate | undefined;
  #engine: EngineProgram | undefined;
  #homeChild: ChildProcess | undefined;
  #home: RemoteHost | undefined;
  readonly #homeComes: Promise<RemoteHost | undefined>;
  #homeCame: (host: RemoteHost | undefined) => void = () => undefined;
  #installation: Installation | undefined;
  #waiting: (() => void)[] = [];
  #patience: NodeJS.Timeout | undefined;
  /** True when no host came for so long that tasks run here. */
  #isAlone = false;
  /** True when modules would be others there. */
  #isUnlike = false;
  #hadHost = false;
  #inVain = 0;
  #steps: readonly ImportStep[] = [];
  #isStopped = false;
  #homeComplaint = '';
  /** What the host that ended last had to say. */
  #lastWord = '';
  readonly #abort = (): void => {
    this.stop();
  };
  problem: Diagnostic | undefined;

  private constructor(options: HostsOptions) {
    this.#options = options;
    this.#token = randomBytes(32).toString('hex');
    this.#homeComes = new Promise((resolve) => {
      this.#homeCame = resolve;
    });
    options.parent.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** Opens a gate for hosts and lets them be asked for; processes may be asked for at once. */
  static async start(options: HostsOptions): Promise<Hosts> {
    const hosts = new Hosts(options);
    await hosts.#open();
    return hosts;
  }

  async #open(): Promise<void> {
    const { engine, parent } = this.#options;
    const address = engine.driver?.address ?? (await addressTowards(machineOf(engine)));
    if (address === undefined) {
      this.#fail(engineUnusable(engine.url, `there is no way to ${machineOf(engine)}`, 'Look at the address.'));
      return;
    }
    this.#gate = await Gate.open({
      address,
      port: engine.driver?.port ?? 0,
      token: this.#token,
      objects: parent.store,
      onHost: (link) => {
        this.#greet(link);
      },
    });
    const at = [address, this.#gate.port] as const;
    const around = { token: this.#token, at, parent, engine };
    this.#startHome(hostConfiguration(around, homeName));
    this.#engine = new EngineProgram({
      executable: parent.interpreter.executable,
      script: join(dirname(parent.script), 'engines.py'),
      environment: { ...parent.environment, ...parent.interpreter.environment },
      configuration: {
        kind: engine.kind,
        address: engine.address,
        most: engine.most ?? null,
        executable: parent.interpreter.executable,
        host: hostConfiguration(around, undefined),
      },
      onMessage: (message) => {
        this.#hearEngine(message);
      },
    });
    this.#beginToWait();
  }

  #startHome(configuration: object): void {
    const { parent } = this.#options;
    const child = spawn(parent.interpreter.executable, ['-X', 'utf8', join(dirname(parent.script), 'host.py')], {
      cwd: parent.cwd,
      env: { ...parent.environment, ...parent.interpreter.environment },
      stdio: ['pipe', 'ignore', 'pipe'],
      // What a terminal sends to stop the run goes to the scheduler alone, which ends the workers.
      detached: true,
    });
    this.#homeChild = child;
    child.stdin.on('error', () => undefined);
    child.stdin.write(`${JSON.stringify(configuration)}\n`);
    child.stderr.on('data', (data: Buffer) => {
      this.#homeComplaint = (this.#homeComplaint + data.toString('utf8')).slice(-4000);
    });
    child.on('error', (error) => {
      this.#homeComplaint += error.message;
      this.#homeCame(undefined);
    });
    child.on('exit', () => {
      this.#homeCame(undefined);
      this.#home?.lose();
    });
  }

  #greet(link: HostLink): void {
    const host = new RemoteHost(link, this.#token, link.name === homeName);
    link.onLost = () => {
      this.#lost(host);
    };
    host.onShared = this.#options.onShared;
    host.onOtherGround = (path) => {
      this.#isUnlike = true;
      this.#stayHome(
        `${host.place === '' ? 'a host' : host.place} would import otherwise than this machine (${path}); tasks run here`,
      );
    };
    link.onMessage = (message) => {
      if (message.type === 'hello' && message.refusal !== null) this.#fail(storeRefused(message.node, message.refusal));
      if (message.type === 'hello' && link.name === homeName) this.#homeArrived(host, message.installation);
      else if (message.type === 'hello') void this.#arrived(host, message);
      else this.#hear(host, message);
    };
  }

  #hear(host: RemoteHost, message: FromHost): void {
    host.hear(message);
    if (message.type === 'said')
      this.#options.onNotice(host.place === '' ? message.text : `${host.place}: ${message.text}`);
    // Without a warm parent it is of no use; another one comes in its place.
    if (message.type === 'parent-ended' && host !== this.#home) host.end();
  }

  #homeArrived(host: RemoteHost, installation: Installation): void {
    this.#installation = installation;
    this.#home = host;
    this.#homeCame(host);
  }

  async #arrived(host: RemoteHost, hello: Extract<FromHost, { type: 'hello' }>): Promise<void> {
    host.place = hello.node;
    await this.#homeComes;
    const here = this.#installation;
    if (!host.isUsable || here === undefined || this.#isStopped || this.problem !== undefined) {
      host.end();
      return;
    }
    const { node, installation, problem } = hello;
    const differences = problem === '' ? differencesOf(here, installation) : [problem];
    if (differences.length > 0) {
      host.end();
      this.#fail(anotherInstallation(node, differences));
      return;
    }
    if (here.processor !== installation.processor) this.#options.onDiagnostic(anotherProcessor(node));
    host.prepare(this.#steps);
    this.#hosts.add(host);
    this.#hadHost = true;
    this.#changed();
  }

  #lost(host: RemoteHost): void {
    host.lose();
    if (!this.#hosts.delete(host) || this.#isStopped) return;
    const why = host.complaint.trim().split('\n').at(-1) ?? '';
    this.#options.onNotice(
      `a host on ${host.place} was lost${why === '' ? '' : ` (${why})`}; another one is asked for`,
    );
    if (!host.wasReady && ++this.#inVain >= mostInVain) {
      this.#fail(engineUnusable(this.#options.engine.url, `hosts end before they serve: ${why}`, 'Look at the nodes.'));
      return;
    }
    if (host.wasReady) this.#inVain = 0;
    this.#changed();
    if (this.#hosts.size === 0) this.#beginToWait();
  }

  #changed(): void {
    if (this.#hosts.size > 0) {
      clearTimeout(this.#patience);
      this.#isAlone = this.#isUnlike;
    }
    for (const go of this.#waiting.splice(0)) go();
    this.#options.room.set(this.#isAlone ? this.#options.room.home : this.#hosts.size);
  }

  #beginToWait(): void {
    clearTimeout(this.#patience);
    const { engine } = this.#options;
    this.#patience = setTimeout(() => {
      if (!this.#hadHost) {
        const at = `${engine.driver?.address ?? 'this machine'}, port ${String(this.#gate?.port ?? 0)}`;
        this.#fail(noHost(engine.url, { seconds: engine.patience, at, lastWord: this.#lastWord }));
        return;
      }
      this.#stayHome('all hosts are lost and none has come back; tasks run on this machine');
    }, engine.patience * 1000);
    this.#patience.unref();
  }

  /** Tasks run on this machine, until a host comes that can take them. */
  #stayHome(why: string): void {
    if (!this.#isAlone) this.#options.onNotice(why);
    this.#isAlone = true;
    for (const go of this.#waiting.splice(0)) go();
    this.#options.room.set(this.#options.room.home);
  }

  #hearEngine(message: FromEngine): void {
    if (this.#isStopped) return;
    const { engine, onNotice } = this.#options;
    if (message.type === 'ready') onNotice(`${engine.url}: ${message.about}`);
    else if (message.type === 'ended') this.#lastWord = message.text.trim().split('\n').at(-1) ?? '';
    else this.#fail(engineUnusable(engine.url, message.message, message.help));
  }

  /** No host can be had: whoever waits for a process waits in vain. */
  #fail(problem: Diagnostic): void {
    this.problem ??= problem;
    clearTimeout(this.#patience);
    for (const host of this.#hosts) host.end();
    this.#hosts.clear();
    for (const go of this.#waiting.splice(0)) go();
    this.#options.room.set(0);
  }

  async fork(steps: readonly ImportStep[], { isFresh, isHome }: ForkWish): Promise<TaskProcess | undefined> {
    for (;;) {
      if (this.problem !== undefined || this.#isStopped) return undefined;
      if (isHome || isFresh || this.#isAlone) return await (await this.#homeComes)?.fork(steps, isFresh);
      const host = this.#freest();
      if (host === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      const process = await host?.forkAway(steps, this.#options.variables);
      if (process !== undefined && !this.#isUnlike) return process;
      process?.kill();
    }
  }

  #freest(): RemoteHost | undefined {
    const usable = [...this.#hosts].filter(({ isUsable }) => isUsable);
    return usable.sort((left, right) => left.busy - right.busy)[0];
  }

  prepare(steps: readonly ImportStep[]): void {
    this.#steps = steps;
    this.#home?.prepare(steps);
    for (const host of this.#hosts) host.prepare(steps);
  }

  get wasReady(): boolean {
    return this.#home?.wasReady ?? false;
  }

  get complaint(): string {
    return `${this.#homeComplaint}${this.#home?.complaint ?? ''}`;
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#options.parent.signal?.removeEventListener('abort', this.#abort);
    clearTimeout(this.#patience);
    for (const go of this.#waiting.splice(0)) go();
    for (const host of this.#hosts) host.end();
    this.#home?.end();
    this.#homeCame(undefined);
    this.#engine?.end();
    this.#homeChild?.stdin?.end();
    this.#homeChild?.stderr?.destroy();
    this.#homeChild?.unref();
    this.#gate?.close();
  }

  /** Hosts do not wait for the next run: others may want what they take. */
  async rest(): Promise<void> {
    this.stop();
    await Promise.resolve();
  }
}
