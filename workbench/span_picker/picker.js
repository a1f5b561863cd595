// Shows a document's text, finds in it, and lets a person select a stretch of it.
// Offsets are code points to Python, and UTF-16 units in here. Text only ever becomes text nodes.

const MOST_HITS = 10_000;
const PREVIEW = 400;
// The characters that rag/api/view.py shows by name. A lone CR ends a line, and is named too.
const CONTROL =
  /[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]|\r(?!\n)/gu;
const HINT =
  "Find: Enter next, Shift+Enter previous, Ctrl+Enter selects the hit. In the text: drag with the mouse, or Shift+← → by word, " +
  "Shift+↑ ↓ by sentence, with Alt at the beginning; Enter uses the span, Esc clears it, / finds.";
const PICKERS = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  let picker = PICKERS.get(parentElement);
  if (!picker || picker.text !== data.text) {
    picker?.root.remove();
    picker = new Picker(parentElement, data);
    PICKERS.set(parentElement, picker);
  }
  picker.send = (span) => setTriggerValue("picked", span);
  picker.mark(data.marked, data.shown);
}

class Picker {
  constructor(parent, { text, label, readonly }) {
    Object.assign(this, { parent, text, readonly, points: new Points(text), starts: new WeakMap() });
    Object.assign(this, { layers: { marked: [], hit: [], selection: [] }, hits: [], at: -1, shown: "" });
    this.build(label);
    this.blocks = Array.from(stretches(text), ([start, end]) => this.block(start, end));
    this.view.append(...this.blocks.map((each) => each.element));
    this.say();
  }

  build(label) {
    this.find = element("input", { type: "search", placeholder: "Find in the text", "aria-label": "Find in the text" });
    this.find.spellcheck = false;
    this.count = element("span", { class: "count", role: "status", "aria-live": "polite" });
    this.view = element("div", { class: "view", tabindex: "0", role: "region", "aria-label": label, dir: "auto" });
    this.place = element("div", { class: "place", role: "status", "aria-live": "polite" });
    this.chosen = element("div", { class: "chosen", dir: "auto" });
    this.hit = button("Select the hit", () => this.selectHit());
    this.use = button("Use this span", () => this.take(), "primary");
    this.clear = button("Clear", () => this.select(null));
    const steps = [button("Previous", () => this.step(-1)), button("Next", () => this.step(1))];
    const tools = element("div", { class: "tools" }, this.find, this.count, ...steps, ...(this.readonly ? [] : [this.hit]));
    const words = element("div", { class: "words" }, this.place, this.chosen);
    const bar = element("div", { class: "bar" }, words, this.clear, this.use);
    const hint = element("div", { class: "hint", id: "hint" }, HINT);
    this.view.setAttribute("aria-describedby", "hint");
    this.root = element("div", { class: "picker" }, tools, this.view, ...(this.readonly ? [] : [bar, hint]));
    this.parent.append(this.root);
    this.listen();
  }

  listen() {
    // The page has shortcuts of its own: no key that is meant for here may reach it.
    for (const kind of ["keydown", "keypress", "keyup"]) this.root.addEventListener(kind, (event) => event.stopPropagation());
    this.find.addEventListener("input", () => this.search());
    this.find.addEventListener("keydown", (event) => this.keyInFind(event));
    this.view.addEventListener("keydown", (event) => this.keyInView(event));
    this.view.addEventListener("mousedown", () => {
      window.addEventListener("mouseup", () => setTimeout(() => this.selectDragged()), { once: true });
    });
  }

  keyInFind(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if ((event.ctrlKey || event.altKey || event.metaKey) && !this.readonly) this.selectHit();
    else this.step(event.shiftKey ? -1 : 1);
  }

  keyInView(event) {
    const direction = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (event.key === "/") this.find.focus();
    else if (this.readonly) return;
    else if (event.shiftKey && direction) this.stretch(direction, /Up|Down/.test(event.key) ? "sentence" : "word", event.altKey);
    else if (event.key === "Enter") this.take();
    else if (event.key === "Escape") this.select(null);
    else return;
    event.preventDefault();
  }

  // What is found

  search() {
    const words = this.find.value.split(/\s+/u).map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&"));
    this.hits = [];
    if (words.some(Boolean)) {
      for (const found of this.text.matchAll(new RegExp(words.join("\\s+"), "giu"))) {
        this.hits.push([found.index, found.index + found[0].length]);
        if (this.hits.length === MOST_HITS) break;
      }
    }
    this.at = -1;
    if (this.hits.length) this.step(1);
    else this.draw("hit", []), this.say();
  }

  step(by) {
    if (!this.hits.length) return;
    this.at = (this.at + by + this.hits.length + (this.at < 0 && by < 0 ? 1 : 0)) % this.hits.length;
    this.draw("hit", [this.hits[this.at]]);
    this.scrollTo("hit");
    this.say();
  }

  selectHit() {
    if (this.at < 0) return;
    this.select(this.hits[this.at]);
    this.view.focus({ preventScroll: true });
  }

  // What is selected

  select(span) {
    this.draw("selection", span ? [span] : []);
    this.say();
  }

  selectDragged() {
    const range = this.readonly ? null : dragged(this.parent);
    const ends = range && [this.unitAt(range.startContainer, range.startOffset), this.unitAt(range.endContainer, range.endOffset)];
    if (!ends || ends.includes(null) || ends[0] === ends[1]) return;
    document.getSelection().removeAllRanges();
    this.select(trimmed(this.text, whole(this.text, ends)));
  }

  stretch(direction, unit, atStart) {
    const [hit] = this.layers.hit;
    let [start, end] = this.layers.selection[0] ?? (hit ? hit : [0, 0]);
    if (atStart) start = edge(this.text, start, direction, unit, true);
    else end = edge(this.text, end, direction, unit, false);
    if (start >= end) return;
    this.select([start, end]);
    this.scrollTo("selection", !atStart);
  }

  take() {
    const [span] = this.layers.selection;
    if (!span) return;
    const [start, end] = span.map((unit) => this.points.ofUnit(unit));
    this.select(null);
    this.place.textContent = "The span was taken.";
    this.send({ start, end });
  }

  say() {
    const [span] = this.layers.selection;
    const many = this.hits.length === MOST_HITS ? `${MOST_HITS.toLocaleString("en")}+` : this.hits.length.toLocaleString("en");
    this.count.textContent = this.at >= 0 ? `${(this.at + 1).toLocaleString("en")} of ${many}` : this.find.value.trim() ? "No hit" : "";
    this.hit.disabled = this.at < 0;
    this.use.disabled = this.clear.disabled = !span;
    this.chosen.replaceChildren();
    this.place.textContent = "Nothing is selected.";
    if (!span) return;
    const [start, end] = span.map((unit) => this.points.ofUnit(unit));
    const [from, to] = [start, end].map((point) => point.toLocaleString("en"));
    this.place.textContent = `Selected ${from} to ${to}, ${(end - start).toLocaleString("en")} characters`;
    this.write(this.chosen, ...whole(this.text, [span[0], Math.min(span[1], span[0] + PREVIEW)]));
    if (span[1] > span[0] + PREVIEW) this.chosen.append(" …");
  }

  // What is drawn

  mark(marked, shown) {
    const spans = marked.map((span) => span.map((point) => this.points.toUnit(point)));
    this.draw("marked", spans);
    if (this.shown === String(shown)) return;
    this.shown = String(shown);
    if (shown) requestAnimationFrame(() => this.scrollTo("marked", false, this.points.toUnit(shown[0])));
  }

  draw(kind, spans) {
    const touched = [...this.layers[kind], ...spans];
    this.layers[kind] = spans;
    const dirty = new Set(touched.flatMap(([start, end]) => this.blocksOf(start, end)));
    for (const block of dirty) this.fill(block);
  }

  block(start, end) {
    const made = { start, end, element: element("div", { class: "block" }) };
    const lines = this.text.slice(start, end).split("\n").reduce((sum, line) => sum + 1 + Math.floor(line.length / 110), 0);
    made.element.style.containIntrinsicSize = `auto ${lines * 1.6}em`;
    this.fill(made);
    return made;
  }

  blocksOf(start, end) {
    const first = below(this.blocks.length, (at) => this.blocks[at].end <= start);
    let last = first;
    while (last < this.blocks.length && this.blocks[last].start < end) last += 1;
    return this.blocks.slice(first, last);
  }

  fill({ start, end, element: home }) {
    home.replaceChildren();
    const layers = Object.entries(this.layers).flatMap(([kind, spans]) => spans.map((span) => [kind, ...span]));
    const inside = layers.filter(([, from, to]) => from < end && to > start);
    const cuts = [start, end, ...inside.flatMap(([, from, to]) => [Math.max(from, start), Math.min(to, end)])];
    const ordered = [...new Set(cuts)].sort((a, b) => a - b);
    for (const [number, from] of ordered.slice(0, -1).entries()) {
      const kinds = inside.filter((each) => each[1] <= from && each[2] > from).map(([kind]) => kind);
      const place = kinds.length ? home.appendChild(element("mark", { class: [...new Set(kinds)].join(" ") })) : home;
      if (kinds.length) place.dataset.unit = from;
      this.write(place, from, ordered[number + 1]);
    }
  }

  /** Append the text between two places; characters that hide or reorder text stand in a span that names them. */
  write(home, from, to) {
    let at = from;
    for (const { 0: control, index } of this.text.slice(from, to).matchAll(CONTROL)) {
      this.append(home, at, from + index);
      const name = `U+${control.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
      const named = element("span", { class: control === "\r" ? "control return" : "control", "data-name": name });
      this.append(named.appendChild(element("span", { class: "raw" })), from + index, from + index + control.length);
      home.append(named);
      at = from + index + control.length;
    }
    this.append(home, at, to);
  }

  append(home, from, to) {
    if (from === to) return;
    const node = document.createTextNode(this.text.slice(from, to));
    this.starts.set(node, from);
    home.append(node);
  }

  /** The place in the text of a place in the page; null outside of the text. */
  unitAt(node, offset) {
    if (!this.view.contains(node)) return null;
    if (this.starts.has(node)) return this.starts.get(node) + offset;
    const after = node.childNodes[offset];
    const found = after ? textsIn(after)[0] : textsIn(node).at(-1);
    return found && this.starts.has(found) ? this.starts.get(found) + (after ? 0 : found.length) : null;
  }

  scrollTo(kind, toEnd = false, unit = this.layers[kind][0]?.[0]) {
    const marks = [...this.view.querySelectorAll(`mark.${kind}`)];
    const mark = toEnd ? marks.at(-1) : (marks.find((each) => Number(each.dataset.unit) >= unit) ?? marks[0]);
    if (!mark) return;
    const move = () => {
      const inner = mark.getBoundingClientRect();
      const outer = this.view.getBoundingClientRect();
      const [top, bottom] = [inner.top - outer.top, inner.bottom - outer.top];
      if (top < 8 || bottom > outer.height - 8) this.view.scrollTop += (toEnd ? bottom : top) - outer.height / 3;
    };
    // What was out of sight gets its true height once it is near: look again when that is done.
    move();
    requestAnimationFrame(() => (move(), requestAnimationFrame(move)));
  }
}

function dragged(root) {
  const selection = root.getSelection?.() ?? document.getSelection();
  const composed = root.getSelection ? null : selection.getComposedRanges?.({ shadowRoots: [root] })[0];
  return composed ?? (selection.rangeCount ? selection.getRangeAt(0) : null);
}

function textsIn(node) {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const found = node.nodeType === Node.TEXT_NODE ? [node] : [];
  while (walker.nextNode()) found.push(walker.currentNode);
  return found;
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function button(label, act, kind = "") {
  const made = element("button", { type: "button", class: kind }, label);
  made.addEventListener("click", act);
  return made;
}
