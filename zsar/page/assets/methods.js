// The methods of this page: their papers and their documents.

function startMethods() {
  const parts = Object.entries(page.methods).map(([name, method]) =>
    el(
      "details",
      { id: methodId(name), class: "method" },
      el("summary", { tabindex: "0" }, method.title),
      method.paper ? el("p", {}, `${method.paper}. `, method.link ? outside(method.link, method.link) : null) : null,
      method.documents
        ? el("pre", { tabindex: "0", "aria-label": `${method.title}: documents` }, method.documents)
        : el("p", {}, "Not installed on the machine that made this page."),
    ),
  );
  byId("method-list").replaceChildren(...parts);
}

const methodId = (name) => `method-${Object.keys(page.methods).indexOf(name)}`;
const outside = (address, text, label = null) =>
  el("a", { href: address, target: "_blank", rel: "noopener noreferrer", "aria-label": label }, text);

// Beside a method's name: its paper, where an address is known, and its documents on this page.
function methodLinks(name) {
  const method = page.methods[name];
  const links = [placeLink(methodId(name), "docs", `${method.title}: documents`)];
  if (method.link) links.unshift(outside(method.link, "paper", `${method.title}: paper`), " ");
  return el("span", { class: "links" }, ...links);
}
