// Makes a screenshot small enough to travel with the source: a PNG of 256 colours instead of all. A page has few
// colours besides the edges of its letters, so the eye sees no difference.

import { deflateSync } from "node:zlib";

/** The picture anew. Any page lends its canvas to read the pixels. */
export async function small(page, screenshot) {
  const { width, height, pixels } = await page.evaluate(async (data) => {
    const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))]));
    const { width, height } = picture;
    const paper = new OffscreenCanvas(width, height).getContext("2d");
    paper.drawImage(picture, 0, 0);
    const bytes = paper.getImageData(0, 0, width, height).data;
    let text = "";
    for (let at = 0; at < bytes.length; at += 4) text += String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2]);
    return { width, height, pixels: btoa(text) };
  }, screenshot.toString("base64"));
  return encode(width, height, Buffer.from(pixels, "base64"));
}

function encode(width, height, rgb) {
  const seen = new Map();
  for (let at = 0; at < rgb.length; at += 3) {
    const colour = rgb.readUIntBE(at, 3);
    seen.set(colour, (seen.get(colour) ?? 0) + 1);
  }
  const palette = [...seen].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([colour]) => colour);
  const part = (colour, shift) => (colour >> shift) & 255;
  const far = (a, b) => [0, 8, 16].reduce((sum, shift) => sum + (part(a, shift) - part(b, shift)) ** 2, 0);
  const nearest = (colour) => palette.reduce((best, _, at) => (far(palette[at], colour) < far(palette[best], colour) ? at : best), 0);
  const index = new Map([...seen.keys()].map((colour) => [colour, nearest(colour)]));
  // A line begins with its filter, 0: none.
  const lines = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) lines[y * (width + 1) + 1 + x] = index.get(rgb.readUIntBE((y * width + x) * 3, 3));
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [16, 8, 0].map((shift) => part(colour, shift))));
  const chunks = [["IHDR", head], ["PLTE", colours], ["IDAT", deflateSync(lines, { level: 9 })], ["IEND", Buffer.alloc(0)]];
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...chunks.map(([name, data]) => chunk(name, data))]);
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  let crc = ~0;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(~crc >>> 0, body.length + 4);
  return whole;
}
