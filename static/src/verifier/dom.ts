// Elements without a template engine. Text goes in as text nodes only: nothing here can turn a string into markup.

export type Child = Node | string | null | false | undefined;
type Attributes = Record<string, string | boolean | ((event: Event) => void)>;

export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (typeof value === "string") made.setAttribute(name, value);
    else if (value) made.setAttribute(name, "");
  }
  add(made, ...children);
  return made;
}

export function add(parent: Node, ...children: Child[]): void {
  for (const child of children) {
    if (child) parent.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  }
}

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  passed: ["M12 2.8a9.2 9.2 0 1 0 0 18.4a9.2 9.2 0 1 0 0-18.4z", "M7.8 12.4l2.9 2.9 5.6-6"],
  failed: ["M12 2.8a9.2 9.2 0 1 0 0 18.4a9.2 9.2 0 1 0 0-18.4z", "M8.5 8.5l7 7M15.5 8.5l-7 7"],
  indeterminate: ["M12 2.8a9.2 9.2 0 1 0 0 18.4a9.2 9.2 0 1 0 0-18.4z", "M9.4 9.4a2.7 2.7 0 1 1 3.8 2.7c-.8.4-1.2.9-1.2 1.8M12 17v.2"],
  not_run: ["M12 2.8a9.2 9.2 0 1 0 0 18.4a9.2 9.2 0 1 0 0-18.4z", "M8 12h8"],
  alert: ["M12 3.5l9.3 16.4H2.7z", "M12 10v4.4M12 17.2v.2"],
  info: ["M12 2.8a9.2 9.2 0 1 0 0 18.4a9.2 9.2 0 1 0 0-18.4z", "M12 11v5.4M12 7.6v.2"],
  closed: ["M6 11h12v9H6z", "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"],
  erased: ["M5 7h14M9 7V4.5h6V7M7 7l1 13h8l1-13", "M10.5 11v5M13.5 11v5"],
  file: ["M6 3h8l5 5v13H6z", "M14 3v5h5M9 13h6M9 17h6"],
} as const;
export type IconName = keyof typeof PATHS;

/** Always beside a word, never alone: hidden from screen readers. */
export function icon(name: IconName): SVGSVGElement {
  const made = document.createElementNS(SVG, "svg");
  const attributes = {
    class: "icon", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.8", "stroke-linecap": "round",
    "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false",
  };
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const d of PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    made.appendChild(path);
  }
  return made;
}
