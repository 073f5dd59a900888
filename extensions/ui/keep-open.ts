const shown = new WeakMap<HTMLElement, string>();

/**
 * Puts new content in the place of old. When it speaks of the same as before, what somebody had opened stays open, the place that was
 * scrolled to stays, and so does the focus.
 */
export function keepOpen(place: HTMLElement, content: HTMLElement, about: string): void {
  const isSame = shown.get(place) === about;
  shown.set(place, about);
  if (!isSame) {
    place.replaceChildren(content);
    place.scrollTop = 0;
    return;
  }
  const { scrollTop } = place;
  const before = new Map([...place.querySelectorAll('details')].map((one) => [nameOf(one), one.open]));
  for (const one of content.querySelectorAll('details')) one.open = before.get(nameOf(one)) ?? one.open;
  const at = [...place.querySelectorAll('button, summary, pre')].indexOf(document.activeElement ?? place);
  const text = at < 0 ? undefined : document.activeElement?.textContent;
  place.replaceChildren(content);
  place.scrollTop = scrollTop;
  const again = at < 0 ? undefined : place.querySelectorAll<HTMLElement>('button, summary, pre')[at];
  if (again !== undefined && again.textContent === text) again.focus({ preventScroll: true });
}

function nameOf(one: Element): string {
  return one.querySelector('summary')?.textContent ?? '';
}
