import type { ErrorCode, ResponseError } from './protocol.ts';

/** A request that is answered with an error: expected, and told to whoever asked. */
export class Refused extends Error {
  readonly response: ResponseError;

  constructor(response: ResponseError) {
    super(response.message);
    this.name = 'Refused';
    this.response = response;
  }
}

/** The error to throw for a request that is refused. */
export function refused(code: ErrorCode, message: string, data?: unknown): Refused {
  return new Refused({ code, message, ...(data === undefined ? {} : { data }) });
}
