/** How many tasks may run at once, here and on other machines. */
export interface Room {
  readonly home: number;
  /** It may change; 0 where there are no other machines. */
  readonly away: () => number;
  /** True when there may be other machines. */
  readonly isWide: boolean;
  /** Called whenever it has changed. */
  readonly listen: (changed: () => void) => void;
}

/** Only this machine. */
export function roomHere(jobs: number): Room {
  return { home: jobs, away: () => 0, isWide: false, listen: () => undefined };
}

/** How many tasks may run at once in all. */
export function wholeRoom(room: Room): number {
  return room.home + room.away();
}

/** How many tasks may run at once in one of the two places. */
export function roomOf(room: Room, isHome: boolean): number {
  return isHome ? room.home : room.away();
}
