// Draws a document's text, inert, and scrolls its pane to what is marked.
const TAGS = new Set(["h1", "h2", "h3", "h4", "h5", "h6", "p", "pre"]);

function element(tag, text, name) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

function piece(each) {
  const made = element(TAGS.has(each.tag) ? each.tag : "p", each.before, each.style);
  made.dir = "auto";
  if (each.inside) made.append(element("mark", each.inside), document.createTextNode(each.after));
  return made;
}

function drawn(data) {
  const parts = data.pieces.flatMap((each) =>
    each.page ? [element("div", `Page ${each.page}`, "page"), piece(each)] : [piece(each)],
  );
  if (data.more_before) parts.unshift(element("div", "…", "cut"));
  if (data.more_after) parts.push(element("div", "…", "cut"));
  return parts;
}

function scrollToMark(pane) {
  const mark = pane.querySelector("mark");
  if (!mark) return;
  const from_top = mark.getBoundingClientRect().top - pane.getBoundingClientRect().top;
  pane.scrollTop += from_top - pane.clientHeight / 3;
}

export default function ({ data, parentElement }) {
  const pane = parentElement.querySelector(".pane");
  if (pane.dataset.shown === data.id) return;
  pane.dataset.shown = data.id;
  pane.setAttribute("aria-label", data.label);
  pane.replaceChildren(...drawn(data));
  requestAnimationFrame(() => scrollToMark(pane));
}
