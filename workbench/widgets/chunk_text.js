// Draws a text twice, with the chunks of A and B. Text is set as text: nothing of a document becomes markup.

export default function ({ data, parentElement }) {
  const scroll = parentElement.querySelector(".scroll");
  const rows = parentElement.querySelector(".rows");
  const about = parentElement.querySelector(".about");
  const hint = "Point at a number, or move to it with the Tab key, to read what its chunk is.";

  const place = `${data.start} ${data.case}`;
  const kept = scroll.dataset.place === place ? scroll.scrollTop : 0;
  rows.replaceChildren(...data.rows.flatMap((row) => row.map((cell, side) => drawnCell(cell, "AB"[side]))));
  parentElement.querySelectorAll(".heads > div").forEach((head, at) => (head.textContent = data.heads[at]));
  about.textContent = hint;

  const chosen = data.case && rows.querySelector(".chosen");
  if (scroll.dataset.place !== place && chosen) {
    const gap = chosen.getBoundingClientRect().top - scroll.getBoundingClientRect().top;
    scroll.scrollTop += gap - scroll.clientHeight / 3;
  } else {
    scroll.scrollTop = kept;
  }
  scroll.dataset.place = place;

  const tell = (event) => {
    const found = event.target.closest("[data-chunk]");
    about.textContent = found ? data.about[found.dataset.side][found.dataset.chunk] : hint;
    for (const each of rows.querySelectorAll(".pointed")) each.classList.remove("pointed");
    if (!found) return;
    const { side, chunk } = found.dataset;
    for (const each of rows.querySelectorAll(`.${side} [data-chunks~="${chunk}"]`)) each.classList.add("pointed");
  };
  scroll.addEventListener("mouseover", tell);
  scroll.addEventListener("focusin", tell);
  return () => {
    scroll.removeEventListener("mouseover", tell);
    scroll.removeEventListener("focusin", tell);
  };

  function drawnCell(cell, side) {
    const element = made("div", `cell ${side}`, "");
    element.dir = "auto";
    for (const piece of cell) {
      for (const number of piece.marks) element.append(mark(number, side));
      for (const label of piece.labels) element.append(made("span", "label", label));
      element.append(drawnPiece(piece, side));
    }
    return element;
  }

  function drawnPiece(piece, side) {
    const count = piece.chunks.length;
    const tint = count ? `chunk tint${piece.chunks[count - 1] % 2}` : "outside";
    const element = made("span", `piece ${tint} ${count > 1 ? "repeated" : ""} ${piece.span}`, piece.text);
    element.dataset.chunks = piece.chunks.join(" ");
    if (count) Object.assign(element.dataset, { chunk: piece.chunks[count - 1], side });
    return element;
  }

  function mark(number, side) {
    const element = made("button", `mark tint${number % 2}`, String(number));
    element.type = "button";
    Object.assign(element.dataset, { chunk: number, side });
    element.setAttribute("aria-label", data.about[side][number]);
    return element;
  }

  function made(tag, className, text) {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
  }
}
