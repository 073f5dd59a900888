/** The version of the program; a test keeps it equal to the package's. */
export const version = '0.1.0';

/** The version of the JSON documents. */
export const jsonVersion = 1;

/** The program with its version, for what it writes into other people's files. */
export const programName: string = `cellwright ${version}`;
