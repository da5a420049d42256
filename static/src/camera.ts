// The camera, and JPEGs out of it. Frames go to the server as the lens saw them, never mirrored.

export type Facing = "user" | "environment";

export class CameraFailed extends Error {
  constructor(readonly reason: "refused" | "missing" | "unsupported") { super(reason); }
}

export async function openCamera(facing: Facing): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraFailed("unsupported");
  const width = { ideal: facing === "user" ? 1280 : 1920 };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: { ideal: facing }, width } });
  } catch (error) {
    const name = (error as DOMException).name;
    if (name === "NotAllowedError" || name === "SecurityError") throw new CameraFailed("refused");
    throw new CameraFailed(name === "NotFoundError" ? "missing" : "unsupported");
  }
}

/** What the browser says of the camera in use: a claim, signed with the pictures. */
export function cameraOf(stream: MediaStream): { label: string; width: number; height: number; rate: number } {
  const track = stream.getVideoTracks()[0];
  const { width, height, frameRate } = track?.getSettings() ?? {};
  const label = (track?.label ?? "").normalize("NFC").replace(/[\u0000-\u001f\u007f]|[\ud800-\udfff]/g, "").slice(0, 200);
  return { label, width: width ?? 0, height: height ?? 0, rate: Math.min(1000, Math.round(frameRate ?? 0)) };
}

export function closeCamera(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** The frame now on screen, at most `most` pixels wide. Rejects when the camera has not shown anything yet. */
export function grab(video: HTMLVideoElement, most: number): Promise<Blob> {
  return draw(video, video.videoWidth, video.videoHeight, most);
}

/** A chosen photo, turned upright and made small enough to send. Its place and time tags do not survive, on purpose. */
export async function shrink(file: Blob, most: number): Promise<Blob> {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return await draw(image, image.naturalWidth, image.naturalHeight, most);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function draw(source: CanvasImageSource, width: number, height: number, most: number): Promise<Blob> {
  if (!width || !height) return Promise.reject(new CameraFailed("missing"));
  const ratio = Math.min(1, most / width);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.getContext("2d")!.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new CameraFailed("missing"))), "image/jpeg", 0.9);
  });
}
