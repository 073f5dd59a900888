/** What the page of the pipeline view and the extension host say to each other. */
import type { Range } from '../../compiler/bundle/diagnostic.ts';
import type { CellEdit, OpenRequest, ViewSettings } from '../ui/panel.ts';
import type { Method, Notification, ResponseError } from '../service/protocol.ts';

/** From the page to the host. */
export type FromPage =
  | { readonly type: 'ready' }
  | { readonly type: 'request'; readonly id: number; readonly method: Method; readonly params: unknown }
  | { readonly type: 'save'; readonly id: number }
  | { readonly type: 'go-to'; readonly cell: string; readonly range?: Range }
  | { readonly type: 'highlight'; readonly cells: readonly string[] }
  | { readonly type: 'open'; readonly what: OpenRequest }
  | { readonly type: 'edit'; readonly edit: CellEdit }
  | { readonly type: 'settings'; readonly settings: ViewSettings };

/** What the page begins with; sent again when it was made anew. */
export interface PageStart {
  readonly type: 'start';
  readonly hasService: boolean;
  readonly notebookPath: string | undefined;
  readonly runsRefused: string | undefined;
  readonly runArguments: readonly string[];
  readonly settings: ViewSettings | undefined;
}

/** From the host to the page. */
export type FromHost =
  | PageStart
  | { readonly type: 'path'; readonly notebookPath: string | undefined; readonly runArguments: readonly string[] }
  | { readonly type: 'notebook'; readonly text: string; readonly name: string }
  | { readonly type: 'saved' }
  | { readonly type: 'select'; readonly cell: string | undefined }
  | { readonly type: 'follow'; readonly run: string }
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'refusal'; readonly id: number; readonly error: ResponseError }
  | { readonly type: 'notification'; readonly notification: Notification }
  | { readonly type: 'connected'; readonly connected: boolean };
