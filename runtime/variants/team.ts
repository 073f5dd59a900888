import type { Task } from '../../compiler/bundle/format.ts';
import type { Crew, CrewRun } from '../crew.ts';
import type { ImportStep } from '../process/protocol.ts';
import { TaskProcesses, type ProcessParent } from '../process/task-processes.ts';
import { roomOf, type Room } from '../room.ts';

/** What the members of a team have in common. */
export interface TeamOptions {
  /** For tasks that run at once, over all runs. */
  readonly room: Room;
  readonly startParent: () => Promise<ProcessParent>;
  /** A run has nothing more to do but to wait for its turn, or is over: there is room for another. */
  readonly onRoom: () => void;
}

/**
 * Runs that go on at the same time and give what they would give one after the other: only the first that is not over acts on the
 * outside, and what several are likely to do is done by the first of them.
 */
export class Team {
  readonly #options: TeamOptions;
  readonly #members: Member[] = [];
  /** What has been done once: whoever does not find it in the cache does it himself. */
  readonly #done = new Set<string>();
  readonly #runs = new Set<string>();
  #steps: readonly ImportStep[] = [];
  #isLooking = false;
  processes: TaskProcesses;
  /** How often a member has changed the outside. */
  acts = 0;

  constructor(options: TeamOptions) {
    this.#options = options;
    this.processes = new TaskProcesses(options.startParent);
    options.room.listen(() => {
      this.look();
      options.onRoom();
    });
  }

  /**
   * A further run, later in order than all before.
   * @param works by the task's id, what it is likely to do: its code and the values that reach it
   */
  add(run: string, works: ReadonlyMap<string, string>): Member {
    const member = new Member(this, run, works);
    this.#runs.add(run);
    this.#members.push(member);
    return member;
  }

  /** The run is over, whether it has begun or not. */
  remove(member: Member): void {
    const place = this.#members.indexOf(member);
    if (place < 0) return;
    this.#members.splice(place, 1);
    if (place === 0) this.#members[0]?.comesOn();
    this.look();
    this.#options.onRoom();
  }

  /** Runs that have work or processes. */
  get busy(): number {
    return this.#members.filter(({ isResting }) => !isResting).length;
  }

  /** Runs that are not over. */
  get size(): number {
    return this.#members.length;
  }

  hasRoom(): void {
    this.#options.onRoom();
  }

  /** Other processes from now on: what they are started with has changed. */
  async renew(): Promise<void> {
    const old = this.processes;
    this.processes = new TaskProcesses(this.#options.startParent);
    await old.stop([]);
  }

  /** All runs are over. */
  async end(): Promise<void> {
    await this.processes.stop(this.#steps);
  }

  /** @param steps what the process of a task after the last one of a run would have imported */
  keepSteps(steps: readonly ImportStep[]): void {
    this.#steps = steps;
  }

  get room(): Room {
    return this.#options.room;
  }

  isFirst(member: Member): boolean {
    return this.#members[0] === member;
  }

  isOwn(run: string): boolean {
    return this.#runs.has(run);
  }

  /** How many tasks a member may start now, in one of the two places. Who is earlier in order and waits for room there gets it, whoever made it. */
  free(member: Member, isHome: boolean): number {
    const room = roomOf(this.#options.room, isHome);
    const free = this.#members.reduce((left, one) => left - one.active(isHome), room);
    const earlier = this.#members.slice(0, Math.max(0, this.#members.indexOf(member)));
    if (free <= 0 || !earlier.some((one) => one.waitsForRoom(isHome))) return free;
    this.look();
    return 0;
  }

  /** False while an earlier run has the same to do. Nobody waits for a later one, so nobody waits in a circle. */
  mayBegin(member: Member, work: string): boolean {
    if (this.#done.has(work)) return true;
    for (const earlier of this.#members) {
      if (earlier === member) return true;
      if (earlier.hasToDo(work)) return false;
    }
    return true;
  }

  /** Somebody has done it: others find it in the cache, or do it themselves. */
  finish(work: string): void {
    this.#done.add(work);
    this.look();
  }

  /** Lets everybody look whether something that he waits for has happened, soon and once. */
  look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    setImmediate(() => {
      this.#isLooking = false;
      for (const member of [...this.#members]) member.look();
    });
  }
}

/** One of the runs. */
export class Member implements Crew {
  readonly #team: Team;
  readonly #works: ReadonlyMap<string, string>;
  /** What it is going to give to others, as far as it is known. */
  #toDo: ReadonlySet<string> | undefined = new Set();
  readonly run: string;
  #run: CrewRun | undefined;
  #waits: (() => void)[] = [];
  /** True when something was not begun that could have been, but for others. */
  #isHeldUp = false;
  /** Where there was no room when it last looked: here (true), on other machines (false). */
  readonly #waitsFor = new Set<boolean>();
  /** True when there is nothing more to do but to wait for the turn. */
  isResting = false;

  constructor(team: Team, run: string, works: ReadonlyMap<string, string>) {
    this.#team = team;
    this.#works = works;
    this.run = run;
  }

  get processes(): TaskProcesses {
    return this.#team.processes;
  }

  get room(): Room {
    return this.#team.room;
  }

  get isTurn(): boolean {
    return this.#team.isFirst(this);
  }

  join(run: CrewRun): void {
    this.#run = run;
  }

  async leave(steps: readonly ImportStep[]): Promise<void> {
    this.#run = undefined;
    this.#team.keepSteps(steps);
    this.#toDo = undefined;
    this.#team.look();
    await Promise.resolve();
  }

  /** True when others find it in the cache once it is done. */
  hasToDo(work: string): boolean {
    if (this.#toDo === undefined) return false;
    // They are known as soon as the variant is compiled.
    if (this.#toDo.size === 0 && this.#works.size > 0) this.#toDo = new Set(this.#works.values());
    return this.#toDo.has(work);
  }

  keepsToItself(): void {
    this.#toDo = undefined;
    this.#team.look();
  }

  async turn(): Promise<void> {
    if (this.isTurn) return;
    await new Promise<void>((resolve) => this.#waits.push(resolve));
  }

  async done(holds: boolean): Promise<void> {
    if (this.isTurn) return;
    this.isResting = !holds;
    if (this.isResting) this.#team.hasRoom();
    await this.turn();
    this.isResting = false;
  }

  /** It is the first now. */
  comesOn(): void {
    for (const resolve of this.#waits.splice(0)) resolve();
    this.#isHeldUp = true;
  }

  active(isHome: boolean): number {
    return this.#run?.active(isHome) ?? 0;
  }

  /** True when there was no room in that place when it last looked. */
  waitsForRoom(isHome: boolean): boolean {
    return this.#waitsFor.has(isHome);
  }

  look(): void {
    this.#waitsFor.clear();
    if (!this.#isHeldUp) return;
    this.#isHeldUp = false;
    this.#run?.look();
  }

  free(isHome: boolean, wanted = 1): number {
    const free = this.#team.free(this, isHome);
    if (free >= wanted) this.#waitsFor.delete(isHome);
    else {
      this.#waitsFor.add(isHome);
      this.#isHeldUp = true;
    }
    return free;
  }

  mayStart(task: Task): boolean {
    const may = this.#team.mayBegin(this, this.#works.get(task.id) ?? task.code);
    if (!may) this.#isHeldUp = true;
    return may;
  }

  ended(task: Task): void {
    this.#team.finish(this.#works.get(task.id) ?? task.code);
  }

  stirred(): void {
    this.#team.look();
  }

  acted(): void {
    this.#team.acts++;
  }

  isOwn(run: string): boolean {
    return this.#team.isOwn(run);
  }
}
