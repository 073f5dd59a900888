import { errorCodes, type ResponseError } from '../service/protocol.ts';

/** The service refused a request: the message says what and what to do, `data` may have a command's document. */
export class ServiceRefusal extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor({ code, message, data }: ResponseError) {
    super(message);
    this.name = 'ServiceRefusal';
    this.code = code;
    this.data = data;
  }
}

/** True for a refusal, or for one of a certain kind. */
export function isRefusal(error: unknown, kind?: keyof typeof errorCodes): error is ServiceRefusal {
  return error instanceof ServiceRefusal && (kind === undefined || error.code === errorCodes[kind]);
}
