/**
 * What is there without an import, beside the language's own library: of Deno, of Node and of browsers. Nothing is known of the types of
 * most, so that nothing wrong is said of them.
 */
export const ambientText: string = `
interface Console { [name: string]: (...of: any[]) => any }
declare var console: Console;
declare function setTimeout(handler: (...of: any[]) => void, after?: number, ...of: any[]): any;
declare function setInterval(handler: (...of: any[]) => void, after?: number, ...of: any[]): any;
declare function setImmediate(handler: (...of: any[]) => void, ...of: any[]): any;
declare function clearTimeout(timer?: any): void;
declare function clearInterval(timer?: any): void;
declare function clearImmediate(timer?: any): void;
declare function queueMicrotask(handler: () => void): void;
declare function structuredClone<T>(value: T, options?: any): T;
declare function fetch(input: any, init?: any): Promise<any>;
declare function require(name: string): any;
declare var Deno: any; declare var process: any; declare var Buffer: any; declare var module: any; declare var exports: any;
declare namespace Deno { type Command = any; type FsFile = any; type Conn = any; type Kv = any; }
declare var __dirname: string; declare var __filename: string; declare var global: any; declare var window: any; declare var self: any;
declare var performance: any; declare var crypto: any; declare var navigator: any; declare var localStorage: any; declare var sessionStorage: any;
declare var document: any; declare var React: any; declare var WebAssembly: any;
declare function atob(text: string): string; declare function btoa(text: string): string;
declare function alert(...of: any[]): any; declare function prompt(...of: any[]): any; declare function confirm(...of: any[]): any;
${[
  'AbortController AbortSignal Blob BroadcastChannel ByteLengthQueuingStrategy CompressionStream CountQueuingStrategy CustomEvent DecompressionStream',
  'Event EventTarget File FileReader FormData Headers MessageChannel MessagePort Request Response ReadableStream TextDecoder TextEncoder',
  'TextDecoderStream TextEncoderStream TransformStream URL URLPattern URLSearchParams WebSocket Worker WritableStream DOMException EventSource',
  'OffscreenCanvas ImageData HTMLElement Element Node Document',
]
  .join(' ')
  .split(' ')
  .map((name) => `declare var ${name}: any; type ${name} = any;`)
  .join('\n')}
declare namespace JSX { interface IntrinsicElements { [name: string]: any } type Element = any }
interface ImportMeta { [name: string]: any }
`;
