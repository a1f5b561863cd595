// Places in a text: code points and UTF-16 units, stretches to draw, ends of words and sentences.

const BLOCK = 4000; // UTF-16 units of one element; what is out of sight is not laid out
const WINDOW = 2000; // units around a place in which words and sentences are told apart

/** Code points of UTF-16 places, and back: by the places of the pairs that stand before. */
class Points {
  constructor(text) {
    this.pairs = Array.from(text.matchAll(/[\u{10000}-\u{10ffff}]/gu), (found) => found.index);
  }
  ofUnit(unit) {
    return unit - below(this.pairs.length, (at) => this.pairs[at] < unit);
  }
  toUnit(point) {
    return point + below(this.pairs.length, (at) => this.pairs[at] - at < point);
  }
}

/** How many of the first numbers below `count` hold; those that hold come first. */
function below(count, holds) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function* stretches(text) {
  for (let start = 0, end; start < text.length; start = end) {
    end = Math.min(start + BLOCK, text.length);
    if (end === text.length) {
      yield [start, end];
      return;
    }
    const line = text.lastIndexOf("\n", end - 1) + 1;
    const space = text.lastIndexOf(" ", end - 1) + 1;
    end = line > start ? line : space > start ? space : whole(text, [start, end])[1];
    yield [start, end];
  }
}

/** A span that cuts no surrogate pair. */
function whole(text, [start, end]) {
  const cuts = (at) => at > 0 && /[\udc00-\udfff]/.test(text[at] ?? "") && /[\ud800-\udbff]/.test(text[at - 1]);
  return [cuts(start) ? start - 1 : start, cuts(end) ? end + 1 : end];
}

function trimmed(text, [start, end]) {
  const inner = text.slice(start, end);
  const blank = inner.length - inner.trimStart().length;
  return inner.trim() ? [start + blank, start + blank + inner.trim().length] : null;
}

/** The next end (or start) of a word, a mark or a sentence in a direction; the place itself where there is none. */
function edge(text, at, direction, unit, atStart) {
  const [from, to] = whole(text, [Math.max(at - WINDOW, 0), Math.min(at + WINDOW, text.length)]);
  const parts = new Intl.Segmenter(undefined, { granularity: unit }).segment(text.slice(from, to));
  const spans = Array.from(parts, ({ segment, index }) => trimmed(text, [from + index, from + index + segment.length]));
  const edges = spans.filter(Boolean).map(([start, end]) => (atStart ? start : end));
  return (direction > 0 ? edges.find((each) => each > at) : edges.findLast((each) => each < at)) ?? at;
}
