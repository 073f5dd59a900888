import { createSocket } from 'node:dgram';

/** The address by which a machine of a network knows this one: from where the way to it starts. Undefined when there is none. */
export async function addressTowards(machine: string): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = createSocket(machine.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      resolve(undefined);
    });
    // Nothing is sent: the system only chooses a way.
    socket.connect(9, machine, () => {
      const { address } = socket.address();
      socket.close();
      resolve(address);
    });
  });
}
