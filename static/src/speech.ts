// Reading aloud with the phone's own voice, where it has one. Nothing leaves the phone for it.

import { locale } from "./i18n";

const synthesis = (): SpeechSynthesis | null => ("speechSynthesis" in window ? window.speechSynthesis : null);

export const canSpeak = (): boolean => synthesis() !== null;

/** The rate people can follow; reading aloud counts between 0.8 and 1.5. */
export const RATE = 0.9;

/** `onEnd(whole)`: whether the voice came to the last word by itself. */
export function speak(text: string, onEnd?: (whole: boolean) => void): void {
  const voice = synthesis();
  if (!voice) return;
  voice.cancel();
  const said = new SpeechSynthesisUtterance(text);
  said.lang = locale();
  said.rate = RATE;
  if (onEnd) {
    said.onend = () => onEnd(true);
    said.onerror = () => onEnd(false);
  }
  voice.speak(said);
}

export const hush = (): void => synthesis()?.cancel();
