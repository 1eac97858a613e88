// A value in a table that, when pressed, shows its log lines.
import type { ComponentChildren } from 'preact';

import { change } from '../state/view';

/** A term of the query language; quoted unless it is a plain word. */
export const term = (field: string, value: string): string =>
  `${field}:${/^[\w-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`;

export function FilterLink({ query, children }: { query: string; children: ComponentChildren }) {
  const show = () => {
    change({ filter: query }, true);
    document.getElementById('logs')?.scrollIntoView();
  };
  return (
    <button type="button" class="link" title={query} onClick={show}>
      {children}
    </button>
  );
}
