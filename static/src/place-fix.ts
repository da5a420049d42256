// One look at where the phone is, only after a yes; no answer is an answer too and nothing is made up (EVD-10).

import type { Place } from "./api";

const WAIT_MS = 10_000;

export function locate(): Promise<Place> {
  if (!navigator.geolocation) return Promise.resolve({ state: "unavailable" });
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({
        state: "consented",
        lat_e7: Math.round(coords.latitude * 1e7), lon_e7: Math.round(coords.longitude * 1e7),
        accuracy_m: Math.round(coords.accuracy), datum: "WGS-84",
      }),
      // A no in the phone's own question is a refusal; everything else is a phone that could not tell.
      (error) => resolve({ state: error.code === error.PERMISSION_DENIED ? "refused" : "unavailable" }),
      { enableHighAccuracy: false, timeout: WAIT_MS, maximumAge: 60_000 },
    );
  });
}
