import { Attempt, tracebackOf } from './attempt.ts';
import { Channel, type Configuration } from './channel.ts';
import { DenoKernel } from './kernels/deno.ts';
import { TslabSession } from './tslab-session.ts';

type Load = (specifier: string, options?: object) => Promise<Record<string, unknown>>;

/** Where the pipes are, in a variable that no cell sees. */
const placeVariable = 'CELLWRIGHT_CHANNEL';

/** The life of a process for tasks. @param load the import of a module that lies in the folder of the notebook */
export async function live(load: Load): Promise<void> {
  const place = process.env[placeVariable] ?? '';
  const channel = new Channel(place);
  const configuration = (await channel.next()) as Configuration;
  for (const name of [placeVariable, ...configuration.hidden]) Reflect.deleteProperty(process.env, name);
  try {
    const served = await prepare(channel, configuration, load);
    const { token, attempt } = configuration;
    channel.send({ type: 'hello', token, role: 'attempt', attempt, pid: process.pid });
    await served.serve();
  } catch (error) {
    channel.send({ type: 'broken', traceback: tracebackOf(error) });
  }
  process.exit(0);
}

async function prepare(
  channel: Channel,
  configuration: Configuration,
  load: Load,
): Promise<{ readonly serve: () => Promise<void> }> {
  const { kernel, home } = configuration;
  if (kernel !== 'deno') return new TslabSession(channel, home, kernel === 'jslab');
  const attempt = await Attempt.start(channel, { kernel: new DenoKernel(), load, configuration });
  await attempt.warmUp();
  return attempt;
}
