export const REASON_CLASSES = [
  'auth-required',
  'restricted',
  'blocked',
  'rate-limited',
  'too-many-subscriptions',
  'unsupported',
  'invalid',
  'error',
  'pow',
  'duplicate',
  'unknown',
] as const;

/** What the text of a CLOSED, NOTICE, NEG-ERR or negative OK comes down to. */
export type ReasonClass = (typeof REASON_CLASSES)[number];

/**
 * The machine-readable prefix wherever it stands, else the wording. The prefixes `error:` and `invalid:` say
 * too little (strfry writes `ERROR:` before every refusal), so wording may say it better than they do.
 */
export function classifyReason(text: string): ReasonClass {
  const lower = text.toLowerCase();
  const prefixes = Array.from(lower.matchAll(PREFIX), (match) => match[1] ?? '');
  for (const prefix of prefixes) {
    const spoken = SPEAKING_PREFIXES.get(prefix);
    if (spoken !== undefined) return spoken;
  }
  const worded = WORDING.find(([, pattern]) => pattern.test(lower))?.[0] ?? 'unknown';
  if (worded !== 'error' && worded !== 'unknown') return worded;
  if (prefixes.includes('invalid')) return 'invalid';
  return prefixes.includes('error') ? 'error' : worded;
}

/** True for a text that turns a request down; false for small talk (`unknown`) and for `duplicate`. */
export function isRefusal(reason: ReasonClass): boolean {
  return reason !== 'unknown' && reason !== 'duplicate';
}

const PREFIX =
  /(?<![\w-])(auth-required|restricted|blocked|mute|rate-limited|unsupported|pow|duplicate|invalid|error):/g;

const SPEAKING_PREFIXES: ReadonlyMap<string, ReasonClass> = new Map([
  ['auth-required', 'auth-required'],
  ['restricted', 'restricted'],
  ['blocked', 'blocked'],
  ['mute', 'blocked'],
  ['rate-limited', 'rate-limited'],
  ['unsupported', 'unsupported'],
  ['pow', 'pow'],
  ['duplicate', 'duplicate'],
]);

/** Words that relays are seen to use, one alternative per source line. The first hit wins: the special before the general. */
const WORDING: readonly (readonly [ReasonClass, RegExp])[] = [
  [
    'auth-required',
    words(
      'auth(?:entication|orization)?[- ](?:is )?(?:required|needed)',
      'requires? auth',
      '(?:must|please|need to) (?:be )?auth',
      '(?:not |un)authenticated',
      'nip-?42',
    ),
  ],
  [
    'too-many-subscriptions',
    words(
      '(?:too many|max(?:imum)?(?: number of)?) (?:\\w+ ){0,2}(?:reqs|subs|subscriptions?)\\b',
      '(?:subscription|sub|req)s? (?:limit|quota)',
    ),
  ],
  [
    'rate-limited',
    words(
      'rate[- ]?limit',
      'burst exhausted',
      'slow(?:ing)? (?:it )?down',
      'too fast',
      'too many (?:requests|messages|events|connections)',
      'throttl',
      'back ?off',
      'quota',
    ),
  ],
  [
    'unsupported',
    words(
      'unsupported',
      'not (?:supported|implemented)',
      "(?:does not|doesn't|do not|don't) support",
      'disabled',
      'could not parse command',
      '(?:unknown|unhandled|bad|invalid) (?:envelope|command|cmd|message type|verb)',
      'unrecogni[sz]ed',
      'invalid enum value',
      'must be one of',
    ),
  ],
  [
    'restricted',
    words(
      'restricted',
      'not (?:allowed|permitted|authori[sz]ed|whitelisted|a member)',
      'unauthori[sz]ed',
      'forbidden',
      'access denied',
      'permission',
      'white-?list',
      'allow-?list',
      'members? only',
      '(?:pay(?:ment)?|subscription)[- ](?:is )?required',
      'must pay',
      'paid relay',
    ),
  ],
  ['blocked', words('blocked', 'block-?list', 'banned', 'black-?list', 'denied', 'too many query results')],
  ['pow', words('proof[- ]of[- ]work', '\\bpow\\b', 'difficulty')],
  ['duplicate', words('duplicate', 'already (?:have|exists|stored)')],
  [
    'invalid',
    words(
      'bad (?:req|msg|message|close|event|filter|count)',
      'invalid',
      'malformed',
      'pars(?:e|ing)',
      'too (?:long|large|big)',
    ),
  ],
  [
    'error',
    words(
      'error',
      'internal',
      'fail(?:ed|ure)',
      'unavailable',
      'overload',
      'shutting down',
      'time[d -]*out',
      'try again',
      "could ?(?:not|n't)",
      '^closed:',
    ),
  ],
];

function words(...alternatives: string[]): RegExp {
  return new RegExp(alternatives.join('|'));
}
