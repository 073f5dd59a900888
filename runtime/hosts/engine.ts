/** Where a run is to have its hosts. */
export interface EngineAsked {
  readonly kind: EngineKind;
  /** As the user wrote it. */
  readonly url: string;
  /** What is behind the scheme. */
  readonly address: string;
  /** At most so many hosts; undefined: as many as there is room for. */
  readonly most: number | undefined;
  /** Where stored values are for all machines; undefined: they come from this one. */
  readonly store: StoreAsked | undefined;
  /** True: the notebook's folder is at the same path on all machines. */
  readonly isShared: boolean;
  /** The address at which hosts find this machine, if it is not the one that the way to the cluster starts from; port 0: any. */
  readonly driver: { readonly address: string; readonly port: number } | undefined;
  /** Seconds to wait for a first host, or for one after all are lost. */
  readonly patience: number;
}

/** A folder that all machines have at this path, or what the package `fsspec` finds behind an address (`s3://BUCKET/PREFIX`). */
export type StoreAsked =
  { readonly kind: 'folder'; readonly path: string } | { readonly kind: 'address'; readonly url: string };

export const engineKinds = ['ray', 'dask', 'local'] as const;
export type EngineKind = (typeof engineKinds)[number];

/** The machine in `HOST:PORT`; this one where there is none. */
export function machineOf({ kind, address }: EngineAsked): string {
  if (kind === 'local') return '127.0.0.1';
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:/]+))(?::\d+)?\/?$/.exec(address) ?? [];
  return bracketed ?? plain ?? '127.0.0.1';
}
