import type { FromAttempt } from './process/protocol.ts';
import type { Displacement, TaskProcess } from './process/worker-parent.ts';

/** What is done about what comes from the process of an attempt. */
export interface Listener {
  /** True as long as the attempt counts. */
  readonly isCurrent: () => boolean;
  readonly message: (message: FromAttempt) => void;
  readonly displaced: (displacement: Displacement) => void;
  readonly exit: () => void;
}

/** Listens to the process of an attempt. @param guard sees to it that nothing that goes wrong is lost */
export function listenTo(process: TaskProcess, listener: Listener, guard: (action: () => void) => void): void {
  process.onMessage = (message) => {
    if (listener.isCurrent())
      guard(() => {
        listener.message(message);
      });
  };
  process.onDisplaced = (displacement) => {
    if (listener.isCurrent())
      guard(() => {
        listener.displaced(displacement);
      });
  };
  process.onExit = () => {
    guard(() => {
      listener.exit();
    });
  };
}
