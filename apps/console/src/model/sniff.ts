/** What kind of picture bytes are, told by the bytes alone, and how large. Only raster formats: an SVG is a document, and has no place here. */

export interface Picture {
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif' | 'image/avif';
  /** In pixels, where the format says so at a known place. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
}

/** Undefined for what is no picture of a kind that is shown. */
export function sniff(bytes: Uint8Array): Picture | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (at: number, text: string) =>
    bytes.length >= at + text.length && [...text].every((c, n) => bytes[at + n] === c.charCodeAt(0));
  if (bytes.length < 12) return undefined;
  if (has(0, '\xff\xd8\xff')) return { type: 'image/jpeg', size: jpegSize(view) };
  if (has(0, '\x89PNG\r\n\x1a\n')) {
    return {
      type: 'image/png',
      size: bytes.length < 24 ? undefined : { width: view.getUint32(16), height: view.getUint32(20) },
    };
  }
  if (has(0, 'GIF87a') || has(0, 'GIF89a')) {
    return { type: 'image/gif', size: { width: view.getUint16(6, true), height: view.getUint16(8, true) } };
  }
  if (has(0, 'RIFF') && has(8, 'WEBP')) return { type: 'image/webp', size: webpSize(view, has) };
  if (has(4, 'ftypavif')) return { type: 'image/avif', size: undefined };
  return undefined;
}

/** The size stands in the first start-of-frame segment. */
function jpegSize(view: DataView): Picture['size'] {
  for (let at = 2; at + 9 < view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

function webpSize(view: DataView, has: (at: number, text: string) => boolean): Picture['size'] {
  if (view.byteLength < 30) return undefined;
  if (has(12, 'VP8X')) {
    const three = (at: number) => 1 + view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
    return { width: three(24), height: three(27) };
  }
  if (has(12, 'VP8 ')) return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (has(12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  return undefined;
}
