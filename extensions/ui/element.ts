/** What an element is made with: attributes, and under `on` what it does. */
export interface Making {
  readonly class?: string | undefined;
  readonly text?: string | undefined;
  readonly on?: Readonly<Record<string, (event: Event) => void>> | undefined;
  readonly attributes?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
}

type Child = Node | string | undefined;

/** Makes an HTML element; text is always text, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  making: Making = {},
  children: readonly Child[] = [],
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (making.class !== undefined) made.className = making.class;
  return finish(made, making, children);
}

/** Makes an SVG element. */
export function svgElement<K extends keyof SVGElementTagNameMap>(
  tag: K,
  making: Making = {},
  children: readonly Child[] = [],
): SVGElementTagNameMap[K] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  if (making.class !== undefined) made.setAttribute('class', making.class);
  return finish(made, making, children);
}

function finish<T extends Element>(made: T, { text, on, attributes }: Making, children: readonly Child[]): T {
  setAttributes(made, attributes ?? {});
  if (text !== undefined) made.textContent = text;
  for (const [event, listener] of Object.entries(on ?? {})) made.addEventListener(event, listener);
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}

/** Sets attributes; `undefined` and `false` take one away, `true` sets an empty one. */
export function setAttributes(of: Element, attributes: NonNullable<Making['attributes']>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) of.removeAttribute(name);
    else {
      const text = value === true ? '' : String(value);
      if (of.getAttribute(name) !== text) of.setAttribute(name, text);
    }
  }
}

/** A button with a name; what is on it may be a sign. */
export function button(
  making: Making & { readonly label: string; readonly sign?: string },
  act: () => void,
): HTMLButtonElement {
  const { label, sign, attributes } = making;
  return element(
    'button',
    {
      ...making,
      text: sign ?? label,
      attributes: {
        type: 'button',
        ...(sign === undefined ? {} : { 'aria-label': label, title: label }),
        ...attributes,
      },
      on: { click: act, ...making.on },
    },
    [],
  );
}
