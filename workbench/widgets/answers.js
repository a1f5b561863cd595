// Draws an answer with markers, and its citations; a click on one asks for its source.
function element(tag, text, name) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  made.dir = "auto";
  return made;
}

function button(marker, text, name, data, choose) {
  const made = element("button", text, name);
  made.type = "button";
  made.setAttribute("aria-label", `Show source ${marker}`);
  made.setAttribute("aria-pressed", String(marker === data.chosen));
  made.onclick = () => choose(marker);
  return made;
}

function sentence(each, data, choose) {
  const made = element("span", `${each.text} `, "sentence");
  made.append(...each.markers.map((marker) => button(marker, `[${marker}]`, "marker", data, choose)));
  return made;
}

function card(each, data, choose) {
  const made = button(each.marker, "", "card", data, choose);
  made.append(element("span", `[${each.marker}] ${each.title}`, "title"));
  made.append(element("span", each.quote, "quote"), element("span", each.place, "place"));
  return made;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const choose = (marker) => setTriggerValue("marker", marker);
  const answer = parentElement.querySelector(".answer");
  answer.replaceChildren(...data.sentences.flatMap((each) => [sentence(each, data, choose), " "]));
  parentElement.querySelector(".cards").replaceChildren(...data.citations.map((each) => card(each, data, choose)));
}
