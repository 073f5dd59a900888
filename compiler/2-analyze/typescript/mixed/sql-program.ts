import { literal } from './lowering.ts';

/** The database of `%%sql`: the same query gives the same rows on every machine. */
const database = 'npm:@duckdb/node-api@1.5.6-r.1';

/** What a query names. */
export interface SqlQuery {
  readonly sql: string;
  /** Variables that may hold rows. */
  readonly frames: readonly string[];
  readonly parameters: readonly string[];
  readonly read: readonly string[];
  readonly written: readonly string[];
}

/**
 * An expression of TypeScript that makes the query in a database of its own and gives its rows, and how they are shown. The database may open no file but
 * those that the query names, and these are opened by Deno before: so whoever answers for its permissions sees each of them.
 */
export function sqlProgram({ sql, frames, parameters, read, written }: SqlQuery): string {
  const lookups = (names: readonly string[]): string =>
    `{ ${names.map((name) => `${literal(name)}: () => typeof ${name} === "undefined" ? undefined : ${name}`).join(', ')} }`;
  return [
    'await (async (variables: Record<string, () => any>, parameters: Record<string, () => any>) => {',
    `  const duckdb = await import(${literal(database)});`,
    `  const query = ${literal(sql)};`,
    `  const [read, written]: string[][] = [${literal(read)}, ${literal(written)}];`,
    ...(read.some(isPattern) ? [expandPatterns] : []),
    program,
    // Looked up from outside of the function, whose own names are nobody's.
    `})(${lookups(frames)}, ${lookups(parameters)})`,
  ].join('\n');
}

function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/** Finds what a name with `*`, `**`, `?` or `[…]` stands for, so that each of those files is opened as well. */
const expandPatterns = String.raw`
  const expand = async (pattern: string): Promise<string[]> => {
    const parts = pattern.split("/");
    let found = [pattern.startsWith("/") ? "/" : ""];
    for (const [place, part] of parts.entries()) {
      if (part === "" && place === 0) continue;
      const isLast = place === parts.length - 1;
      if (!/[*?[]/.test(part)) {
        found = found.map((base) => base + part + (isLast ? "" : "/"));
        continue;
      }
      const like = new RegExp("^" + part.replace(/[.+^$()|\\{}]/g, "\\$&").replace(/\*+/g, "[^/]*").replace(/\?/g, "[^/]").replace(/\[!/g, "[^") + "$", "u");
      const next: string[] = [];
      const list = async (base: string) => {
        if (part === "**" && !isLast) next.push(base);
        let entries: Deno.DirEntry[] = [];
        try {
          for await (const entry of Deno.readDir(base === "" ? "." : base)) entries.push(entry);
        } catch (error) {
          if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
          throw error;
        }
        for (const { name, isDirectory, isSymlink } of entries) {
          if (part === "**" && (isDirectory || isSymlink)) await list(base + name + "/");
          else if (isLast ? like.test(name) : part !== "**" && like.test(name)) next.push(base + name + (isLast ? "" : "/"));
        }
      };
      for (const base of found) await list(base);
      found = next;
    }
    return found;
  };
  for (const pattern of read.filter((path) => /[*?[]/.test(path) && !/^[a-z]\w*:\/\//i.test(path))) read.push(...await expand(pattern));`;

const program = String.raw`
  const absolute = (path: string) => path.startsWith("/") ? path : Deno.cwd() + "/" + path.replace(/^(?:\.\/+)+/, "");
  const isAddress = (path: string) => /^[a-z][\w+.-]*:\/\//i.test(path);
  const absent: string[] = [];
  for (const path of read.filter((path) => !isAddress(path) && !/[*?[]/.test(path))) {
    try {
      Deno.openSync(path, { read: true }).close();
    } catch (error) {
      // Whether that matters is for the database to say.
      if (error instanceof Deno.errors.NotFound) absent.push(path);
      else if (!(error instanceof Deno.errors.IsADirectory)) throw error;
    }
  }
  const columnsOfNoRows = Symbol.for("cellwright.columns");
  const opened: string[] = [];
  for (const path of written.filter((path) => !isAddress(path))) {
    try {
      Deno.openSync(path, { write: true, createNew: true }).close();
      opened.push(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      Deno.openSync(path, { write: true }).close();
    }
  }
  for (const path of opened) Deno.removeSync(path);
  const instance = await duckdb.DuckDBInstance.create(":memory:", { temp_directory: "", autoinstall_known_extensions: "false", autoload_known_extensions: "false" });
  const connection = await instance.connect();
  try {
    const text = (value: string) => "'" + value.replaceAll("'", "''") + "'";
    const name = (value: string) => '"' + value.replaceAll('"', '""') + '"';
    // A file that is there is written beside first.
    const beside = written.map((path) => path.replace(/[^/]*$/, "tmp_$&"));
    await connection.run("SET allowed_paths = [" + [...read, ...written, ...beside].map(absolute).map(text).join(", ") + "]");
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
    const rowsOf = (name: string, value: any): Record<string, unknown>[] => {
      const rows = Array.isArray(value) ? value : typeof value?.toRecords === "function" ? value.toRecords() : typeof value?.objects === "function" ? value.objects() : typeof value?.toArray === "function" ? value.toArray() : undefined;
      if (!Array.isArray(rows)) throw new TypeError(name + " holds no rows: an array of objects is needed, or a table that gives one.");
      return rows.map((row, place) => {
        const plain = typeof row?.toJSON === "function" && !(row instanceof Date) ? row.toJSON() : row;
        if (typeof plain !== "object" || plain === null || Array.isArray(plain) || plain instanceof Date) throw new TypeError(name + "[" + place + "] is no row: an object with a property for each column is needed.");
        return plain;
      });
    };
    const kindOf = (value: unknown) =>
      typeof value === "boolean" ? "BOOLEAN" : typeof value === "string" ? "VARCHAR"
      : typeof value === "number" ? Number.isSafeInteger(value) && !Object.is(value, -0) ? "BIGINT" : "DOUBLE"
      : typeof value === "bigint" ? BigInt.asIntN(64, value) === value ? "BIGINT" : "HUGEINT"
      : value instanceof Date ? "TIMESTAMP" : value instanceof Uint8Array ? "BLOB" : "JSON";
    const wider: Record<string, string> = { "BIGINT DOUBLE": "DOUBLE", "DOUBLE BIGINT": "DOUBLE", "BIGINT HUGEINT": "HUGEINT", "HUGEINT BIGINT": "HUGEINT" };
    const columnType = (frame: string, column: string, values: readonly unknown[]) => {
      let found = "";
      for (const [place, value] of values.entries()) {
        if (value === null || value === undefined) continue;
        if (typeof value === "function" || typeof value === "symbol") throw new TypeError(frame + "[" + place + "]." + column + " is a " + typeof value + ", which no column can hold.");
        const kind = kindOf(value);
        if (found === "" || found === kind) found = kind;
        else {
          const both = wider[found + " " + kind];
          if (both === undefined) throw new TypeError(frame + "[" + place + "]." + column + " is a " + kind + ", and the rows before it have a " + found + ".");
          found = both;
        }
      }
      return found === "" ? "VARCHAR" : found;
    };
    const convert: Record<string, (value: any) => any> = {
      BIGINT: BigInt, HUGEINT: BigInt, DOUBLE: Number, JSON: (value) => JSON.stringify(value),
      BLOB: (value) => new duckdb.DuckDBBlobValue(value),
      TIMESTAMP: (value) => new duckdb.DuckDBTimestampValue(BigInt(value.getTime()) * 1000n),
    };
    const give = async (frame: string, value: any) => {
      const rows = rowsOf(frame, value);
      const known: [string, string][] = rows.length === 0 ? value[columnsOfNoRows] ?? [] : [];
      const columns = rows.length === 0 ? known.map(([column]) => column) : [...new Set(rows.flatMap((row) => Object.keys(row)))];
      if (columns.length === 0) throw new TypeError(frame + (rows.length === 0 ? " has no rows" : " has rows without a property") + ", so its columns are not known. Begin the query with a table that has them: CREATE TABLE " + name(frame) + " (… BIGINT, … VARCHAR); or ask for the number of rows before.");
      const values = columns.map((column) => rows.map((row) => row[column]));
      const types = values.map((own, place) => known[place]?.[1] ?? columnType(frame, columns[place], own));
      const table = "rows of " + frame;
      await connection.run("CREATE TEMP TABLE " + name(table) + " (" + columns.map((column, place) => name(column) + " " + types[place]).join(", ") + ")");
      const appender = await connection.createAppender(table, "main", "temp");
      const size = 2048;
      for (let start = 0; start < rows.length; start += size) {
        const chunk = duckdb.DuckDBDataChunk.create(types.map((type) => duckdb[type === "JSON" ? "VARCHAR" : type]));
        chunk.setColumns(values.map((own, place) => own.slice(start, start + size).map((value) => value === null || value === undefined ? null : (convert[types[place]] ?? ((same) => same))(value))));
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
      // Who would change the rows is told that they are no table.
      await connection.run("CREATE TEMP VIEW " + name(frame) + " AS FROM temp." + name(table));
    };
    const failed = (error: any) => {
      const made = new Error(String(error.message), { cause: error });
      made.name = "SqlError";
      const [, refused = ""] = /Cannot access file "(.*?)(?:\/\*\*\/\*\.\w+)?" - file system operations are disabled/.exec(made.message) ?? [];
      if (absent.includes(refused)) made.message = "IO Error: There is no file " + refused + ".";
      else if (refused !== "") made.message += "\n%%sql opens the files that its text names behind FROM, in read_csv('…') and the like, and behind COPY … TO. No address and no other file.";
      return made;
    };
    const given = new Set<string>();
    const prepare = async (make: (isAgain: boolean) => Promise<any>) => {
      for (let isAgain = false; ; isAgain = true) {
        try {
          return await make(isAgain);
        } catch (error) {
          const [, missing = ""] = /^Catalog Error: Table with name (.+) does not exist!/.exec(error.message) ?? [];
          const value = given.has(missing) || !Object.hasOwn(variables, missing) ? undefined : variables[missing]();
          if (value === undefined) throw failed(error);
          given.add(missing);
          await give(missing, value);
        }
      }
    };
    const bindTo = (statement: any) => {
      for (let place = 1; place <= statement.parameterCount; place++) {
        const parameter = statement.parameterName(place);
        const value = parameters[parameter]?.();
        if (value === undefined) throw new ReferenceError("$" + parameter + " is not defined: no variable has that name.");
        const kind = value === null ? "" : kindOf(value);
        if (kind === "JSON" && !Array.isArray(value)) throw new TypeError("$" + parameter + " is no value of a query: a number, a text, a boolean, a Date or a list of these.");
        const one = (value: any) => value === null ? null : (convert[kindOf(value)] ?? ((same) => same))(value);
        if (Array.isArray(value)) statement.bindList(place, duckdb.listValue(value.map(one)), duckdb.LIST(duckdb[columnType("$" + parameter, "value", value)]));
        else if (value === null) statement.bindNull(place);
        else statement.bindValue(place, one(value), duckdb[kind]);
      }
    };
    let extracted: any;
    try {
      extracted = await connection.extractStatements(query);
    } catch (error) {
      throw failed(error);
    }
    let reader: any;
    for (let place = 0; place < extracted.count; place++) {
      const statement = await prepare(async (isAgain) => {
        if (extracted.count === 1) return connection.prepare(query);
        // A statement that could not be prepared is used up; a name that DuckDB made up (for PIVOT) is another in each reading.
        if (isAgain) extracted = await connection.extractStatements(query);
        return extracted.prepare(place);
      });
      bindTo(statement);
      try {
        reader = await statement.runAndReadAll();
      } catch (error) {
        throw failed(error);
      }
    }
    const columns: string[] = reader.returnType === duckdb.ResultReturnType.QUERY_RESULT ? reader.deduplicatedColumnNames() : [];
    const whole = (value: any): boolean => typeof value === "bigint" ? Number.isSafeInteger(Number(value)) : typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array || Object.values(value).every(whole);
    const plain = (value: any, isSmall: boolean): any =>
      typeof value === "bigint" ? isSmall ? Number(value) : value
      : typeof value !== "object" || value === null || value instanceof Date ? value
      : value instanceof Uint8Array ? new Uint8Array(value)
      : Array.isArray(value) ? value.map((inner) => plain(inner, isSmall))
      : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner, isSmall)]));
    const types = columns.length === 0 ? [] : reader.columnTypes().map(String);
    const js = columns.length === 0 ? [] : reader.getColumnsJS();
    const values = columns.map((_, place) => {
      const own: any[] = /^TIME(?: WITH TIME ZONE)?$/.test(types[place]) ? (reader.getColumns()[place] ?? []).map((value: any) => value === null ? null : String(value)) : js[place] ?? [];
      const isSmall = own.every(whole);
      return own.map((value) => plain(value, isSmall));
    });
    const count: number = columns.length === 0 ? 0 : values[0].length;
    const rows = Array.from({ length: count }, (_, row) => Object.fromEntries(columns.map((column, place) => [column, values[place][row]])));
    // The columns of no rows are for the next query: nothing else shows them.
    if (count === 0 && columns.length > 0) Object.defineProperty(rows, columnsOfNoRows, { value: columns.map((column, place) => [column, types[place]]) });
    const most = 20;
    const show = (value: any): string => value === null ? "NULL" : value instanceof Date ? Number.isNaN(value.getTime()) ? String(value) : value.toISOString() : typeof value === "object" ? JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? String(inner) : inner) : String(value);
    const cells = rows.slice(0, most).map((row) => columns.map((column) => show(row[column])));
    const said = count === 1 ? "1 row" : count <= most ? count + " rows" : most + " of " + count + " rows";
    const asText = () => {
      const width = columns.map((column, place) => Math.max(column.length, ...cells.map((row) => row[place].length)));
      const isNumber = types.map((type: string) => /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(type));
      const line = (words: string[]) => words.map((word, place) => isNumber[place] ? word.padStart(width[place]) : word.padEnd(width[place])).join("  ").trimEnd();
      return [line(columns), ...cells.map(line), said].join("\n");
    };
    const escape = (value: string) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    const asHtml = () => "<table><thead><tr>" + columns.map((column) => "<th>" + escape(column) + "</th>").join("") + "</tr></thead><tbody>" + cells.map((row) => "<tr>" + row.map((value) => "<td>" + escape(value) + "</td>").join("") + "</tr>").join("") + "</tbody></table><p>" + said + "</p>";
    return { rows, shown: columns.length === 0 ? undefined : { [Symbol.for("Jupyter.display")]: () => ({ "text/plain": asText(), "text/html": asHtml() }) } };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }`;
