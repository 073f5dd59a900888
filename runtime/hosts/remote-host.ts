import { Family } from '../process/family.ts';
import type { AttemptResult, ImportStep } from '../process/protocol.ts';
import type { TaskProcess } from '../process/worker-parent.ts';
import type { Variables } from '../variables.ts';
import { AwayProcess } from './away-process.ts';
import { differentGround } from './same-here.ts';
import type { FromHost, HostLink, RemoteLine } from './host-link.ts';

/** A host and the warm parents on it. */
export class RemoteHost {
  readonly #link: HostLink;
  readonly #token: string;
  readonly #family: Family;
  /** The machine that it is on, as people know it; empty for this one, and before it has said so. */
  place = '';
  /** Told of objects that it has put where all machines find them. */
  onShared: (digests: readonly string[]) => void = () => undefined;
  /** Told of what makes its imports rest on something else than they would here. */
  onOtherGround: (path: string) => void = () => undefined;
  /** How many of its processes have something to do. */
  busy = 0;
  /** What its warm parent wrote on its standard error. */
  complaint = '';

  /** @param isHere true: on the machine that the notebook is on */
  constructor(link: HostLink, token: string, isHere: boolean) {
    this.#family = new Family({ isHere });
    this.#link = link;
    this.#token = token;
    link.onLine = (line) => {
      this.#connected(line);
    };
  }

  /** It can serve: it has not ended, and its warm parent neither. */
  get isUsable(): boolean {
    return !this.#link.isLost && !this.#family.isLost;
  }

  get wasReady(): boolean {
    return this.#family.wasReady;
  }

  /** Takes in what it says for itself, as far as that is about its warm parent. */
  hear(message: FromHost): void {
    if (message.type === 'complaint') this.complaint = (this.complaint + message.text).slice(-4000);
    if (message.type === 'parent-ended') this.lose();
  }

  /** Nobody comes from there any more. */
  lose(): void {
    this.#family.lose();
  }

  /** A process of its own machine. */
  async fork(steps: readonly ImportStep[], isFresh: boolean): Promise<TaskProcess | undefined> {
    return await this.#family.fork(steps, isFresh);
  }

  /** A process on another machine. */
  async forkAway(steps: readonly ImportStep[], variables: Variables): Promise<TaskProcess | undefined> {
    this.busy++;
    const inner = await this.#family.fork(steps, false);
    if (inner === undefined) {
      this.busy--;
      return undefined;
    }
    return new AwayProcess(inner, {
      place: this.place,
      variables,
      isLost: () => this.#link.isLost,
      onBusy: (isBusy) => {
        this.busy += isBusy ? 1 : -1;
      },
    });
  }

  prepare(steps: readonly ImportStep[]): void {
    if (this.isUsable) void this.#family.stages.after(steps);
  }

  end(): void {
    this.#family.lose();
    this.#link.end();
  }

  #connected(line: RemoteLine): void {
    line.onMessage = (message) => {
      if (message.type !== 'hello' || message.token !== this.#token) {
        line.close();
        return;
      }
      const other = message.grounds === undefined ? undefined : differentGround(message.grounds);
      if (other !== undefined) this.onOtherGround(other);
      const receive = this.#family.greet(line, message);
      line.onMessage = (later) => {
        if (later.type === 'done') this.onShared(objectsIn(later.result));
        receive(later);
      };
    };
  }
}

/** What was written to the store, and not only named. */
function objectsIn({ writes }: AttemptResult): readonly string[] {
  return Object.values(writes).flatMap(({ ref }) => (ref.object.startsWith('sha256:') ? [ref.object] : []));
}
