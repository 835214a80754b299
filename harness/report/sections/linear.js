// Another order in the picture of linearizability: for the operation that is pointed at, or the order that is opened.
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";

  const element = (name, attributes) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  const drawPath = (group, order) => {
    const line = element("polyline", { points: order.spots.map((spot) => spot.join(",")).join(" ") });
    group.replaceChildren(line);
    order.spots.forEach(([x, y], place) => {
      const number = element("text", { x, y: y + 3.5, "text-anchor": "middle" });
      number.textContent = String(order.first + place);
      group.append(element("circle", { cx: x, cy: y, r: 7.5 }), number);
    });
  };

  const begin = (root) => {
    const told = JSON.parse(document.getElementById(root.dataset.linear).textContent);
    const pictures = Object.keys(told).map((name) => ({ svg: root.querySelector(`svg.${name}`), ...told[name] }));
    const details = [...root.querySelectorAll(".order")];
    const says = root.querySelector("[data-says]");
    let chosen = 0;

    const show = (place) => {
      for (const { svg, orders } of pictures) {
        const order = orders[place];
        drawPath(svg.querySelector(".path"), order);
        for (const op of svg.querySelectorAll(".op")) {
          op.classList.toggle("stuck", Number(op.dataset.op) === order.stuck);
        }
      }
      details.forEach((one, at) => one.classList.toggle("drawn", at === place));
    };

    const holding = (op) => {
      const found = pictures.map((picture) => picture.holding[op.dataset.op]).find((place) => place !== undefined);
      return found === undefined ? null : found;
    };

    const choose = (op) => {
      const place = holding(op);
      for (const other of root.querySelectorAll(".op")) {
        other.classList.toggle("chosen", other.dataset.op === op.dataset.op);
      }
      const name = op.querySelector("title").textContent;
      if (place === null) {
        says.textContent = `No order that is told holds ${name}.`;
        return;
      }
      says.textContent = `Drawn: ${details[place].querySelector("summary").textContent}.`;
      details.forEach((one, at) => { one.open = at === place; });
      chosen = place;
      show(place);
    };

    for (const op of root.querySelectorAll(".op")) {
      op.setAttribute("role", "button");
      op.setAttribute("tabindex", "0");
      op.setAttribute("aria-label", op.querySelector("title").textContent);
      op.addEventListener("click", () => choose(op));
      op.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          choose(op);
        }
      });
      op.addEventListener("pointerenter", () => { const place = holding(op); if (place !== null) show(place); });
      op.addEventListener("pointerleave", () => show(chosen));
    }
    details.forEach((one, place) => {
      one.addEventListener("toggle", () => {
        if (one.open && place !== chosen) {
          chosen = place;
          show(place);
        }
      });
    });
    show(0);
  };

  for (const root of document.querySelectorAll("[data-linear]")) begin(root);
})();
