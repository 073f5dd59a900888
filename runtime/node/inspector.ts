import { Session } from 'node:inspector';

/** A value of the engine, as the inspector refers to it. */
export interface Remote {
  readonly type: string;
  readonly subtype?: string;
  readonly value?: unknown;
  readonly unserializableValue?: string;
  readonly description?: string;
  readonly objectId?: string;
}

interface Property {
  readonly name: string;
  readonly value?: Remote;
}

interface Location {
  readonly scriptId: string | undefined;
  readonly lineNumber?: number;
  readonly columnNumber?: number;
}

interface Answer {
  readonly result?: Remote | readonly Property[];
  readonly exceptionDetails?: { readonly exception?: Remote; readonly text: string };
  readonly internalProperties?: readonly Property[];
  readonly privateProperties?: readonly Property[];
  readonly names?: readonly string[];
}

/** What a script gave: the value of its last expression, or what it threw. */
export interface Evaluated {
  readonly threw: boolean;
  readonly value: unknown;
}

/** What is known of a function. */
export interface FunctionPlace {
  /** Undefined for one that is not written in JavaScript. */
  readonly script: string | undefined;
  /** Where in that script, counted from 0. */
  readonly line: number;
  readonly column: number;
  /** The names of the variables in each scope that it has besides the global ones; none are told of a scope that has but `this`. */
  readonly closures: readonly (readonly string[])[];
}

/**
 * The engine's own inspector, in this very process. Kernels run cells by it: a script in its mode for prompts may declare again what
 * earlier ones have declared, may wait at its top level, and has a value.
 */
export class Inspector {
  readonly #session = new Session();
  #taken: unknown;
  readonly #take = (value: unknown): void => {
    this.#taken = value;
  };
  #taker = '';
  #given = 0;

  async connect(): Promise<void> {
    this.#session.connect();
    const name = Symbol.for('cellwright.take');
    Object.defineProperty(globalThis, name, { value: this.#take, configurable: true });
    const { result } = await this.#post('Runtime.evaluate', {
      expression: 'globalThis[Symbol.for("cellwright.take")]',
    });
    this.#taker = (result as Remote).objectId ?? '';
    Reflect.deleteProperty(globalThis, name);
  }

  async #post(method: string, parameters: object): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      this.#session.post(method, parameters, (error: Error | null, answer?: object) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(new Error(`the inspector refused ${method}: ${JSON.stringify(error)}`));
      });
    });
  }

  /** Runs a script as a kernel runs a cell. */
  async run(expression: string): Promise<Evaluated> {
    const { result, exceptionDetails } = await this.#post('Runtime.evaluate', { expression, replMode: true });
    if (exceptionDetails !== undefined) {
      const thrown = exceptionDetails.exception ?? (result as Remote);
      return { threw: true, ...(await this.#valueOf(thrown)) };
    }
    return { threw: false, ...(await this.#valueOf(result as Remote)) };
  }

  /** In an object, since a promise that is given back by itself would be waited for. */
  async #valueOf(remote: Remote): Promise<{ readonly value: unknown }> {
    if (remote.type === 'undefined') return { value: undefined };
    const { objectId, value, unserializableValue } = remote;
    const given =
      objectId !== undefined ? { objectId } : unserializableValue !== undefined ? { unserializableValue } : { value };
    await this.#call([given]);
    const taken = this.#taken;
    this.#taken = undefined;
    if (objectId !== undefined) await this.#post('Runtime.releaseObject', { objectId });
    return { value: taken };
  }

  async #call(given: readonly object[]): Promise<void> {
    const functionDeclaration = 'function (value) { this(value) }';
    await this.#post('Runtime.callFunctionOn', { functionDeclaration, objectId: this.#taker, arguments: given });
  }

  /** The names that scripts have declared with `let`, `const` and `class`. */
  async lexicalNames(): Promise<ReadonlySet<string>> {
    return new Set((await this.#post('Runtime.globalLexicalScopeNames', {})).names ?? []);
  }

  /** Where each of these functions was written, and what it closes over. */
  async placesOf(functions: readonly object[]): Promise<readonly FunctionPlace[]> {
    if (functions.length === 0) return [];
    const list = await this.#remoteOf(functions);
    const { result } = await this.#post('Runtime.getProperties', { objectId: list, ownProperties: true });
    const entries = (result as readonly Property[]).filter(({ name }) => /^\d+$/.test(name));
    const places = await Promise.all(entries.map(async ({ value }) => await this.#placeOf(value?.objectId ?? '')));
    await this.#post('Runtime.releaseObject', { objectId: list });
    return places;
  }

  /** True when an object has fields that only its class can reach. */
  async hasPrivateFields(things: readonly object[]): Promise<readonly boolean[]> {
    if (things.length === 0) return [];
    const list = await this.#remoteOf(things);
    const { result } = await this.#post('Runtime.getProperties', { objectId: list, ownProperties: true });
    const entries = (result as readonly Property[]).filter(({ name }) => /^\d+$/.test(name));
    return await Promise.all(
      entries.map(async ({ value }) => {
        const objectId = value?.objectId ?? '';
        const found = await this.#post('Runtime.getProperties', { objectId, ownProperties: true });
        return (found.privateProperties ?? []).length > 0;
      }),
    );
  }

  /** True for each of these arrays that has properties besides its elements and its length. */
  async haveMore(arrays: readonly object[]): Promise<readonly boolean[]> {
    return await Promise.all(
      arrays.map(async (array) => {
        const objectId = await this.#remoteOf(array);
        const asked = { objectId, ownProperties: true, nonIndexedPropertiesOnly: true };
        const { result } = await this.#post('Runtime.getProperties', asked);
        await this.#post('Runtime.releaseObject', { objectId });
        return (result as readonly Property[]).some(({ name }) => name !== 'length' && name !== '__proto__');
      }),
    );
  }

  async #remoteOf(value: object): Promise<string> {
    const word = `cellwright.given.${String(this.#given++)}`;
    Object.defineProperty(globalThis, Symbol.for(word), { value, configurable: true });
    const { result } = await this.#post('Runtime.evaluate', { expression: `globalThis[Symbol.for("${word}")]` });
    Reflect.deleteProperty(globalThis, Symbol.for(word));
    return (result as Remote).objectId ?? '';
  }

  async #placeOf(objectId: string): Promise<FunctionPlace> {
    const { internalProperties = [] } = await this.#post('Runtime.getProperties', { objectId, ownProperties: true });
    const location = internalProperties.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value;
    const { scriptId: script, lineNumber = 0, columnNumber = 0 } = (location ?? {}) as Location;
    const place = { script, line: lineNumber, column: columnNumber };
    const scopes = internalProperties.find(({ name }) => name === '[[Scopes]]')?.value?.objectId;
    if (scopes === undefined) return { ...place, closures: [] };
    const { result } = await this.#post('Runtime.getProperties', { objectId: scopes, ownProperties: true });
    const inner = (result as readonly Property[]).filter(
      ({ value }) => !/^(?:|Script|Global)$/.test(value?.description ?? ''),
    );
    const closures = inner.map(async ({ value }) => {
      const asked = { objectId: value?.objectId ?? '', ownProperties: true };
      const { result: variables } = await this.#post('Runtime.getProperties', asked);
      return (variables as readonly Property[]).map(({ name }) => name).filter((name) => name !== '__proto__');
    });
    return { ...place, closures: await Promise.all(closures) };
  }
}
