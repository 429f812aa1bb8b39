// Decoders of the forms in forms.py, as a browser runs them. Each gives a Uint16Array of rows * columns samples.

async function inflate(bytes, kind = "deflate-raw") {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(kind));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const unfold = (value) => (value >>> 1) ^ -(value & 1);

function joined(bytes) {
  const count = bytes.length >> 1;
  const samples = new Uint16Array(count);
  for (let i = 0; i < count; i++) samples[i] = (bytes[i] << 8) | bytes[count + i];
  return samples;
}

function undoLeft(samples, rows, columns) {
  for (let row = 0, i = 0; row < rows; row++) {
    let last = row ? samples[i - columns] : 0;
    for (let column = 0; column < columns; column++, i++) samples[i] = last = last + unfold(samples[i]);
  }
  return samples;
}

function undoAbove(samples, rows, columns) {
  for (let i = 0; i < columns; i++) samples[i] = unfold(samples[i]);
  for (let i = columns; i < rows * columns; i++) samples[i] = samples[i - columns] + unfold(samples[i]);
  return samples;
}

function undoMedian(bytes, rows, columns) {
  const count = rows * columns;
  const samples = new Uint16Array(count);
  for (let row = 0, i = 0; row < rows; row++) {
    let left = 0, corner = 0;
    for (let column = 0; column < columns; column++, i++) {
      const above = row ? samples[i - columns] : left;
      const folded = (bytes[i] << 8) | bytes[count + i];
      let guess;
      if (!column) guess = above;
      else if (!row) guess = left;
      else if (corner >= left && corner >= above) guess = left < above ? left : above;
      else if (corner <= left && corner <= above) guess = left > above ? left : above;
      else guess = left + above - corner;
      left = (guess + unfold(folded)) & 0xffff;
      samples[i] = left;
      corner = above;
    }
  }
  return samples;
}

async function readBack(bytes, type) {
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const bitmap = await createImageBitmap(new Blob([bytes], { type }), options);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}

const decoders = {
  raw: async (bytes) => new Uint16Array(bytes.slice().buffer),
  inflated: async (bytes) => new Uint16Array((await inflate(bytes)).buffer),
  left: async (bytes, rows, columns) => undoLeft(joined(await inflate(bytes)), rows, columns),
  above: async (bytes, rows, columns) => undoAbove(joined(await inflate(bytes)), rows, columns),
  median: async (bytes, rows, columns) => undoMedian(await inflate(bytes), rows, columns),
  async canvasPlanes(bytes, rows, columns) {
    const data = await readBack(bytes, "image/png");
    const count = rows * columns;
    const samples = new Uint16Array(count);
    for (let i = 0; i < count; i++) samples[i] = (data[4 * i] << 8) | data[4 * (count + i)];
    return undoLeft(samples, rows, columns);
  },
  async canvasColours(bytes, rows, columns) {
    const data = await readBack(bytes, "image/webp");
    const samples = new Uint16Array(rows * columns);
    for (let i = 0; i < samples.length; i++) samples[i] = (data[4 * i] << 8) | data[4 * i + 1];
    return samples;
  },
  async png16(bytes, rows, columns) {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const parts = [];
    for (let at = 8; at < bytes.length; ) {
      const length = view.getUint32(at);
      if (view.getUint32(at + 4) === 0x49444154) parts.push(bytes.subarray(at + 8, at + 8 + length));
      at += 12 + length;
    }
    const data = await inflate(new Blob(parts), "deflate");
    const width = 2 * columns;
    const samples = new Uint16Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      const start = row * (width + 1) + 1, up = start - width - 1;
      const filter = data[start - 1];
      for (let x = 0; x < width; x++) {
        const a = x > 1 ? data[start + x - 2] : 0;
        const b = row ? data[up + x] : 0;
        let guess = 0;
        if (filter === 1) guess = a;
        else if (filter === 2) guess = b;
        else if (filter === 3) guess = (a + b) >> 1;
        else if (filter === 4) {
          const c = row && x > 1 ? data[up + x - 2] : 0;
          const p = a + b - c, pa = Math.abs(p - a), pb = Math.abs(p - b), pc = Math.abs(p - c);
          guess = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
        }
        data[start + x] += guess;
      }
      for (let x = 0; x < columns; x++) samples[row * columns + x] = (data[start + 2 * x] << 8) | data[start + 2 * x + 1];
    }
    return samples;
  },
};

function sum(samples) {
  let total = 0;
  for (let i = 0; i < samples.length; i++) total = (Math.imul(total, 31) + samples[i]) | 0;
  return total;
}

// Least time of several runs in ms, and a sum over the samples that shows whether they are right.
export async function measure(decoder, text, rows, columns) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  let least = Infinity, samples;
  for (let run = 0; run < 15; run++) {
    const begun = performance.now();
    samples = await decoders[decoder](bytes, rows, columns);
    least = Math.min(least, performance.now() - begun);
  }
  return [least, sum(samples)];
}
