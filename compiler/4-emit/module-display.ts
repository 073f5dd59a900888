/** The module that prints what cells show by `Deno.jupyter`, which only a kernel has. */
export const displayModule: string = String.raw`// What cells show by Deno.jupyter, printed: the first of its texts, or which kind of thing it is.
const display = Symbol.for("Jupyter.display");
type Texts = Record<string, unknown>;
const made = (kind: string) => (strings: TemplateStringsArray, ...values: unknown[]) => {
  const text = strings.reduce((all, part, place) => all + String(values[place - 1]) + part);
  return { [display]: (): Texts => ({ [kind]: text }) };
};

async function format(value: any): Promise<Texts> {
  return typeof value?.[display] === "function" ? await value[display]() : { "text/plain": Deno.inspect(value) };
}

Object.assign(Deno, {
  jupyter: {
    $display: display,
    md: made("text/markdown"),
    html: made("text/html"),
    svg: made("image/svg+xml"),
    image: (_picture: unknown) => ({ [display]: (): Texts => ({ "image/png": "" }) }),
    format,
    display: async (value: unknown, options?: { raw?: boolean }) => {
      const texts = options?.raw === true ? value as Texts : await format(value);
      console.log(texts["text/plain"] ?? texts["text/markdown"] ?? "[" + (Object.keys(texts)[0] ?? "nothing") + "]");
    },
    broadcast: async () => {},
  },
});
`;
