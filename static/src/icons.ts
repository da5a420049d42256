// A few line icons, drawn here: no icon font, no third party. Always beside a word, never alone.

import { svg, type SVGTemplateResult } from "lit";

const icon = (body: SVGTemplateResult): SVGTemplateResult => svg`<svg class="icon" viewBox="0 0 24 24" fill="none"
  stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"
  focusable="false">${body}</svg>`;

export const icons = {
  check: () => icon(svg`<path d="M5 12.5l4.5 4.5L19 7.5"/>`),
  done: () => icon(svg`<circle cx="12" cy="12" r="9.2"/><path d="M7.8 12.4l2.9 2.9 5.6-6"/>`),
  alert: () => icon(svg`<path d="M12 3.5l9.3 16.4H2.7z"/><path d="M12 10v4.4M12 17.2v.2"/>`),
  info: () => icon(svg`<circle cx="12" cy="12" r="9.2"/><path d="M12 11v5.4M12 7.6v.2"/>`),
  help: () => icon(svg`<circle cx="12" cy="12" r="9.2"/><path d="M9.4 9.4a2.7 2.7 0 1 1 3.8 2.7c-.8.4-1.2.9-1.2 1.8M12 17v.2"/>`),
  shield: () => icon(svg`<path d="M12 3l7.5 2.6v5.6c0 4.6-3 7.9-7.5 9.8-4.5-1.9-7.5-5.2-7.5-9.8V5.6z"/><path d="M8.6 12l2.5 2.5 4.4-4.8"/>`),
  next: () => icon(svg`<path d="M5 12h13M12.5 6.5L18 12l-5.5 5.5"/>`),
  sound: () => icon(svg`<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z"/><path d="M15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11"/>`),
  stop: () => icon(svg`<rect x="6.5" y="6.5" width="11" height="11" rx="1.5"/>`),
  camera: () => icon(svg`<path d="M4 8h3.5L9 5.5h6L16.5 8H20a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z"/><circle cx="12" cy="13.2" r="3.6"/>`),
  person: () => icon(svg`<circle cx="12" cy="8" r="4"/><path d="M4.5 20c.8-4 3.8-6 7.5-6s6.7 2 7.5 6"/>`),
  face: () => icon(svg`<path d="M4 8V5.5A1.5 1.5 0 0 1 5.5 4H8M16 4h2.5A1.5 1.5 0 0 1 20 5.5V8M20 16v2.5a1.5 1.5 0 0 1-1.5 1.5H16M8 20H5.5A1.5 1.5 0 0 1 4 18.5V16"/><path d="M9 9.5v1M15 9.5v1M9 14.5c1.8 1.6 4.2 1.6 6 0"/>`),
  hand: () => icon(svg`<path d="M4 13.5l5-1.5 4.5 1.5a1.5 1.5 0 0 1-.5 2.9H10"/><path d="M13.8 15.4l4.7-2.3a1.6 1.6 0 0 1 1.5 2.8L13.5 20 4 17.5"/><circle cx="14" cy="7" r="3"/>`),
  left: () => icon(svg`<path d="M19 12H5M11 6l-6 6 6 6"/>`),
  right: () => icon(svg`<path d="M5 12h14M13 6l6 6-6 6"/>`),
  up: () => icon(svg`<path d="M12 19V5M6 11l6-6 6 6"/>`),
  down: () => icon(svg`<path d="M12 5v14M6 13l6 6 6-6"/>`),
  eye: () => icon(svg`<path d="M2.5 12c2.6-4.4 5.8-6.5 9.5-6.5s6.9 2.1 9.5 6.5c-2.6 4.4-5.8 6.5-9.5 6.5S5.1 16.4 2.5 12z"/><circle cx="12" cy="12" r="3"/>`),
  shut: () => icon(svg`<path d="M2.5 10c2.6 4.4 5.8 6.5 9.5 6.5s6.9-2.1 9.5-6.5"/><path d="M5.5 14.5L4 17M12 16.5v3M18.5 14.5L20 17"/>`),
  mouth: () => icon(svg`<circle cx="12" cy="12" r="9.2"/><ellipse cx="12" cy="15" rx="3.2" ry="3.6"/><path d="M8.5 8.5v.8M15.5 8.5v.8"/>`),
  nearer: () => icon(svg`<rect x="7.5" y="5" width="9" height="14" rx="1.5"/><path d="M3 3l3 3M21 3l-3 3M3 21l3-3M21 21l-3-3M6 3.2V6H3.2M18 3.2V6h2.8M6 20.8V18H3.2M18 20.8V18h2.8"/>`),
  ahead: () => icon(svg`<circle cx="12" cy="12" r="8.5"/><circle cx="12" cy="12" r="2.2"/>`),
  pen: () => icon(svg`<path d="M4 20l1-4L16.5 4.5a2 2 0 0 1 3 3L8 19z"/><path d="M14.5 6.5l3 3"/>`),
  pin: () => icon(svg`<path d="M12 21s7-6.2 7-11.5a7 7 0 0 0-14 0C5 14.8 12 21 12 21z"/><circle cx="12" cy="9.5" r="2.5"/>`),
  file: () => icon(svg`<path d="M6 3h8l5 5v13H6z"/><path d="M14 3v5h5M9 13h6M9 17h6"/>`),
  clock: () => icon(svg`<circle cx="12" cy="12" r="9.2"/><path d="M12 6.8V12l3.5 2.2"/>`),
  phone: () => icon(svg`<rect x="7" y="2.5" width="10" height="19" rx="2"/><path d="M11 18.5h2"/>`),
  size: () => icon(svg`<path d="M3 19l5-13 5 13M4.8 14.5h6.4M14 19l3.5-8 3.5 8M15.3 16.2h4.4"/>`),
  offline: () => icon(svg`<path d="M3 3l18 18M5 12.5a10 10 0 0 1 4-2.4M8.5 16a5 5 0 0 1 5-1.2M13 9.1a10 10 0 0 1 6 3.4M2.5 9a14 14 0 0 1 4-2.6M10.5 5.1A14 14 0 0 1 21.5 9M12 19.5v.1"/>`),
};
