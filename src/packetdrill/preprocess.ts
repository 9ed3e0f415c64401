/**
 * The pass before parsing: comments become blanks, `#ifdef NAME … #endif` (no nesting, no else) keeps or
 * drops its lines, and defined identifiers become their values. Line numbers stay what they were. Shell
 * text in backquotes passes as it is; code in `%{ }%` gets definitions, but keeps its own comments.
 */
import { ScriptError } from './script-error.ts';

export type Definitions = ReadonlyMap<string, string>;

/** Longest first, so that `//` inside a string or a command is not taken for a comment. */
const PIECE = new RegExp(
  [
    '(?<ifdef>^[ \\t]*#(?:ifdef|endif)\\b[^\\n]*)',
    '(?<shell>`[^`]*`)',
    '(?<code>%\\{[\\s\\S]*?\\}%)',
    '(?<string>"(?:\\\\[\\s\\S]|[^"\\\\])*")',
    '(?<comment>//[^\\n]*|#[^\\n]*|/\\*[\\s\\S]*?\\*/)',
    '(?<open>`|%\\{|"|/\\*)',
    '(?<word>[A-Za-z_]\\w*)',
  ].join('|'),
  'gm',
);
const WORD = /[A-Za-z_]\w*/g;

/** The text that the parser reads. Throws ScriptError for what never ends. */
export function preprocess(path: string, text: string, definitions: Definitions): string {
  const kept = blankUndefined(path, text, definitions);
  const substitute = (word: string): string => definitions.get(word) ?? word;
  return kept.replace(PIECE, (piece, ...rest) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    if (groups['ifdef'] !== undefined || groups['comment'] !== undefined) return blank(piece);
    if (groups['open'] !== undefined) {
      const offset = rest.at(-3) as number;
      throw new ScriptError(path, lineAt(kept, offset), `an end of ${piece}`, 'end of file');
    }
    if (groups['code'] !== undefined) return piece.replace(WORD, substitute);
    return groups['word'] === undefined ? piece : substitute(piece);
  });
}

/** Blanks the lines between `#ifdef` of an undefined name and its `#endif`. */
function blankUndefined(path: string, text: string, definitions: Definitions): string {
  let openedAt = 0;
  let isKept = true;
  const lines = text
    .replaceAll('\r\n', '\n')
    .replace(/^\ufeff/, ' ')
    .split('\n');
  const kept = lines.map((line, index) => {
    const directive = /^[ \t]*#(ifdef|endif)\b[ \t]*(\w*)/.exec(line);
    if (directive === null) return isKept ? line : '';
    const isOpening = directive[1] === 'ifdef';
    if (isOpening === openedAt > 0) {
      throw new ScriptError(path, index + 1, isOpening ? '#endif' : '#ifdef', line.trim());
    }
    openedAt = isOpening ? index + 1 : 0;
    isKept = !isOpening || definitions.has(directive[2] ?? '');
    return '';
  });
  if (openedAt > 0) throw new ScriptError(path, openedAt, '#endif', 'end of file');
  return kept.join('\n');
}

/** A comment may span lines: only its line breaks stay. */
const blank = (piece: string): string => piece.replace(/[^\n]/g, ' ');

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
