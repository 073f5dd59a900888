import {
  errorCodes,
  type Notification,
  type RequestMessage,
  type ResponseError,
  type ServiceMessage,
} from './protocol.ts';
import { Refused } from './refused.ts';

/** Answers requests by name. */
export interface Answering {
  answer(method: string, params: unknown): Promise<unknown>;
}

/** Reads one message, lets it be answered, and gives the answer; undefined for a notification, which has none. */
export async function answerMessage(text: string, service: Answering): Promise<ServiceMessage | undefined> {
  const message = readMessage(text);
  if ('code' in message) return { jsonrpc: '2.0', id: null, error: message };
  const { id, method, params } = message;
  try {
    const result = await service.answer(method, params);
    return { jsonrpc: '2.0', id, result };
  } catch (error) {
    return { jsonrpc: '2.0', id, error: responseOf(error) };
  }
}

/** A notification as a message. */
export function messageOf(notification: Notification): ServiceMessage {
  return { jsonrpc: '2.0', ...notification };
}

function readMessage(text: string): RequestMessage | ResponseError {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return { code: errorCodes.parse, message: 'The message is no JSON.' };
    throw error;
  }
  if (typeof value === 'object' && value !== null && 'method' in value && 'id' in value) {
    const { id, method } = value;
    if (typeof method === 'string' && (typeof id === 'number' || typeof id === 'string'))
      return value as RequestMessage;
  }
  return { code: errorCodes.invalidRequest, message: 'The message is no request of JSON-RPC with an id and a method.' };
}

function responseOf(error: unknown): ResponseError {
  if (error instanceof Refused) return error.response;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: errorCodes.internal, message: 'The service itself failed. Please report it.', data: { stack } };
}
