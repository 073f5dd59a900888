/** Bytes as Kubernetes has them, in the largest unit that leaves no rest. */
export function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const)
    if (bytes % size === 0) return `${String(bytes / size)}${unit}`;
  return String(bytes);
}
