import type { ViewHandlerReturnType } from '@bull-board/api/typings/app';

import { escapeHtml } from '../http/escape-html.js';

/** Anything that the page would fetch from another server: the board works offline and tells nobody who opens it. */
const FOREIGN_TAG = /<(?:link|script)\b[^>]*\b(?:href|src)="(?:https?:)?\/\/[^>]*>(?:<\/script>)?/g;
const PLACEHOLDER = /<%([=-])\s*(\w+)\s*%>/g;

/** Fills the one template of the board's user interface, which asks for no more than names. */
export function renderBoardPage(template: string, { params }: Pick<ViewHandlerReturnType, 'params'>): string {
  return template
    .replace(FOREIGN_TAG, '')
    .replace(PLACEHOLDER, (_all, kind: string, name: string) =>
      kind === '=' ? escapeHtml(params[name] ?? '') : (params[name] ?? ''),
    );
}
