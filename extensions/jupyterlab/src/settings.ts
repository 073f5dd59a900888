import type { ISettingRegistry } from '@jupyterlab/settingregistry';

/** What people can choose; `schema/plugin.json` describes it to them. */
export interface PipelineSettings {
  /** Marks beside the cells: what a run would do with each. */
  readonly marks: boolean;
  /** Messages under the cells: why one was refused, or has to run with others. */
  readonly messages: boolean;
  /** Shows the pipeline of every notebook that is opened. */
  readonly automatic: boolean;
  /** How many cells run at once; 0: as many as there are cores. */
  readonly jobs: number;
  /** After a cell that raised, run what does not depend on it. */
  readonly keepGoing: boolean;
  /** Seconds after which a cell is stopped; 0: never. */
  readonly executionTimeout: number;
}

const defaults: PipelineSettings = {
  marks: true,
  messages: true,
  automatic: false,
  jobs: 0,
  keepGoing: false,
  executionTimeout: 0,
};

/** The settings as they are now, and a call whenever they change. */
export class LiveSettings {
  current: PipelineSettings = defaults;
  readonly #listeners = new Set<() => void>();

  /** Without a registry the defaults hold. */
  async load(registry: ISettingRegistry | null, plugin: string): Promise<void> {
    const settings = await registry?.load(plugin);
    const take = (): void => {
      const composite = settings?.composite ?? {};
      this.current = { ...defaults, ...(composite as Partial<PipelineSettings>) };
      for (const listener of this.#listeners) listener();
    };
    settings?.changed.connect(take);
    take();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
