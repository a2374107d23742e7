// What is shown stands in the address, "#dataset=utd-mhad&rule=val"; what is as at the start is left out.

const readAddress = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");

function writeAddress(values) {
  const text = new URLSearchParams(values).toString();
  if (text !== location.hash.slice(1)) history.replaceState(null, "", `#${text}`);
}

// A link to a place on this page that leaves the filters in the address as they are.
function placeLink(id, text, label = text) {
  const go = (event) => {
    event.preventDefault();
    goTo(id);
  };
  return el("a", { href: `#${id}`, onclick: go, "aria-label": label === text ? null : label }, text);
}

function goTo(id) {
  const place = byId(id);
  if (place.tagName === "DETAILS") place.open = true;
  place.scrollIntoView();
  (place.querySelector("[tabindex='-1'], summary") ?? place).focus({ preventScroll: true });
}
