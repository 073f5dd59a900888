import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { python, root } from '../environment.ts';

const check = `
import json, sys
from jsonschema import Draft202012Validator
for command, text in json.load(sys.stdin):
    with open(f"{sys.argv[1]}/{command}.schema.json", encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    for error in Draft202012Validator(schema).iter_errors(json.loads(text)):
        print(command, error.json_path, error.message)
`;

/** Where documents do not follow the schemas of their commands; empty when all do. */
export function mistakesIn(documents: readonly (readonly [string, string])[]): string {
  const schemas = path.join(root, 'docs', 'schemas');
  return execFileSync(python, ['-c', check, schemas], { input: JSON.stringify(documents), encoding: 'utf8' });
}
