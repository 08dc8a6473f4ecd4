const MAX_TEXT_LENGTH = 16_384;
const MAX_PIECES = 64;

/**
 * Takes apart what people write into one field although it holds several URLs: lists with commas, blanks or bars, and
 * URLs that run into each other (`wss://a.examplewss://b.example`). The pieces are unjudged text. Looks at the first
 * 16,384 characters and gives at most 64 pieces.
 */
export function splitGluedUrls(text: string): string[] {
  return text
    .slice(0, MAX_TEXT_LENGTH)
    .split(BETWEEN_URLS)
    .filter((piece) => piece !== '' && !BARE_SCHEME.test(piece))
    .slice(0, MAX_PIECES);
}

const BETWEEN_URLS = /[\s,|;]+|(?=wss?:\/\/|https?:\/\/)/i;
/** The first half of `wss://wss://relay.example`. */
const BARE_SCHEME = /^(?:wss?|https?):\/\/$/i;
