export const MASK = '***';

const SECRET_NAME =
  /(?:token|password|passwd|secret|credentials?|authorization|cookie|api[-_]?key|private[-_]?key|nsec)$/i;
const MAX_DEPTH = 8;

/** Whether a field of this name holds something nobody may read in a log or an error. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A URL with its password, and the query values that are secrets by name, masked. The user name stays: it helps. */
export function maskUrl(text: string): string {
  const separator = text.indexOf('://');
  if (separator < 0) return text;
  const scheme = text.slice(0, separator);
  // A password may hold an unencoded `/` or `@`, and then the text is no URL by the letter: mask up to the last `@`.
  const greedy = /^(?:postgres(?:ql)?|rediss?)$/i.test(scheme) || !URL.canParse(text);
  const userinfo = greedy ? /^([^:]*:\/\/)([^:]*):.*@/s : /^([^:]*:\/\/)([^:@/?#]*):[^/?#]*@/s;
  return text
    .replace(userinfo, `$1$2:${MASK}@`)
    .replace(/([?&])([^=&#]+)=[^&#]*/g, (pair, mark: string, name: string) =>
      isSecretName(name) ? `${mark}${name}=${MASK}` : pair,
    );
}

/** Free text with the credentials of every URL in it masked. */
export function maskText(text: string): string {
  if (!text.includes('://')) return text;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return maskUrl(text);
  return text.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s"'`<>]+/gi, maskUrl);
}

/**
 * A copy of plain data with secrets masked by field name and credentials masked in every string; the very same object
 * when there was nothing to hide. Errors and other class instances are left to their serializers.
 */
export function maskSecrets(value: unknown): unknown {
  return mask(value, 0);
}

function mask(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '…';
  if (Array.isArray(value)) return maskEach(value, depth);
  if (!isPlain(value)) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [name, field] of Object.entries(value)) {
    const masked = isSecretName(name) && isPresent(field) ? MASK : mask(field, depth + 1);
    if (masked !== field) {
      copy ??= { ...value };
      copy[name] = masked;
    }
  }
  return copy ?? value;
}

function maskEach(list: readonly unknown[], depth: number): readonly unknown[] {
  const masked = list.map((item) => mask(item, depth + 1));
  return masked.some((item, index) => item !== list[index]) ? masked : list;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && typeof value !== 'boolean';
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
