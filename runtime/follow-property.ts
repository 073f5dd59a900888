/** Lets somebody know whenever a property of an object is set, whoever sets it. It stays a property like any other. */
export function followProperty<T extends object, K extends keyof T>(
  object: T,
  name: K,
  onChange: (before: T[K], after: T[K]) => void,
): void {
  let value = object[name];
  Object.defineProperty(object, name, {
    configurable: true,
    enumerable: true,
    get: () => value,
    set: (next: T[K]) => {
      const before = value;
      value = next;
      onChange(before, next);
    },
  });
}
