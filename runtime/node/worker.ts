import { Attempt, tracebackOf } from './attempt.ts';
import { Channel, type Configuration } from './channel.ts';
import { DenoKernel } from './kernels/deno.ts';
import type { Kernel } from './kernels/kernel.ts';
import { TslabKernel } from './kernels/tslab.ts';

type Load = (specifier: string, options?: object) => Promise<Record<string, unknown>>;

/** Where the pipes are, in a variable that no cell sees. */
const placeVariable = 'CELLWRIGHT_CHANNEL';

/** The life of a process for tasks. @param load the import of a module that lies in the folder of the notebook */
export async function live(load: Load): Promise<void> {
  const place = process.env[placeVariable] ?? '';
  const channel = new Channel(place);
  const configuration = (await channel.next()) as Configuration;
  for (const name of [placeVariable, ...configuration.hidden]) Reflect.deleteProperty(process.env, name);
  const kernel: Kernel = configuration.kernel === 'deno' ? new DenoKernel() : new TslabKernel();
  try {
    const attempt = await Attempt.start(channel, { kernel, load, configuration });
    await attempt.warmUp();
    const { token, attempt: name } = configuration;
    channel.send({ type: 'hello', token, role: 'attempt', attempt: name, pid: process.pid });
    await attempt.serve();
  } catch (error) {
    channel.send({ type: 'broken', traceback: tracebackOf(error) });
  }
  process.exit(0);
}
