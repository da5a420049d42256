// From signature_pad's points to the integers that are committed to, sealed and drawn into the paper.

import type { Strokes } from "../api";

export interface PadPoint { x: number; y: number; time: number; pressure: number }
export interface PadStroke { pointer: string; points: readonly PadPoint[] }

/** Tenths of a CSS pixel, milliseconds since the first touch, pressure in ten-thousandths (0 where there is none). */
export function toStrokes(strokes: readonly PadStroke[], size: { width: number; height: number; dpi: number }): Strokes {
  const start = Math.min(...strokes.flatMap((stroke) => stroke.points.map((point) => point.time)));
  const width = Math.round(size.width * 10);
  const height = Math.round(size.height * 10);
  return {
    width, height, dpi: Math.round(size.dpi),
    strokes: strokes.map((stroke) => ({
      pointer: stroke.pointer,
      points: stroke.points.map((point) => [
        // A finger may slide off the pad's edge; the paper ends there.
        clamp(Math.round(point.x * 10), width), clamp(Math.round(point.y * 10), height),
        Math.max(0, Math.round(point.time - start)), clamp(Math.round((point.pressure || 0) * 10_000), 10_000),
      ]),
    })),
  };
}

const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), most);

export type Fault = "empty" | "short" | "quick" | "line";

/** ESG-04 as a first word on the phone; the rule on the server decides. Figures: at least 20 points and half a second. */
export function fault(strokes: Strokes): Fault | null {
  const points = strokes.strokes.flatMap((stroke) => stroke.points);
  if (points.length === 0) return "empty";
  if (points.length < 20) return "short";
  const times = points.map((point) => point[2]!);
  if (Math.max(...times) - Math.min(...times) < 500) return "quick";
  const xs = points.map((point) => point[0]!);
  const ys = points.map((point) => point[1]!);
  const wide = Math.max(...xs) - Math.min(...xs);
  const high = Math.max(...ys) - Math.min(...ys);
  if (wide < 200 && high < 200) return "short"; // a dot: under 20 CSS pixels either way
  return straight(points) ? "line" : null;
}

/** Nearly no spread across the main direction of all the points. */
function straight(points: readonly number[][]): boolean {
  const n = points.length;
  const mx = points.reduce((sum, point) => sum + point[0]!, 0) / n;
  const my = points.reduce((sum, point) => sum + point[1]!, 0) / n;
  let xx = 0, yy = 0, xy = 0;
  for (const point of points) {
    const dx = point[0]! - mx, dy = point[1]! - my;
    xx += dx * dx; yy += dy * dy; xy += dx * dy;
  }
  const half = Math.sqrt(((xx - yy) / 2) ** 2 + xy * xy);
  const most = (xx + yy) / 2 + half;
  const least = (xx + yy) / 2 - half;
  return least / most < 0.0004; // spread across under 2 % of the spread along
}
