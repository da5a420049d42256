// Reading aloud with the phone's own voice, where it has one. Nothing leaves the phone for it.

import { locale } from "./i18n";

const synthesis = (): SpeechSynthesis | null => ("speechSynthesis" in window ? window.speechSynthesis : null);

export const canSpeak = (): boolean => synthesis() !== null;

export function speak(text: string, onEnd?: () => void): void {
  const voice = synthesis();
  if (!voice) return;
  voice.cancel();
  const said = new SpeechSynthesisUtterance(text);
  said.lang = locale();
  said.rate = 0.9;
  if (onEnd) {
    said.onend = onEnd;
    said.onerror = onEnd;
  }
  voice.speak(said);
}

export const hush = (): void => synthesis()?.cancel();
