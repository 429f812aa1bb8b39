// Measures how long it takes from a movement or a notch of the wheel until a changed image has been painted. What is
// painted is looked at once after each frame, the same way whatever drew it: points all over every large canvas.
(() => {
  const LEAST_SIZE = 250;
  const POINTS = 160;
  const paper = new OffscreenCanvas(POINTS, POINTS).getContext("2d", { willReadFrequently: true });
  paper.imageSmoothingEnabled = false;
  const channel = new MessageChannel();
  let since = null;
  let before = look();
  let waiting = null;
  const taken = [];

  function look() {
    let sum = 0;
    for (const canvas of document.querySelectorAll("canvas")) {
      const { width, height } = canvas;
      if (width < LEAST_SIZE || height < LEAST_SIZE) continue;
      paper.clearRect(0, 0, POINTS, POINTS);
      paper.drawImage(canvas, 0, 0, POINTS, POINTS);
      const words = new Uint32Array(paper.getImageData(0, 0, POINTS, POINTS).data.buffer);
      for (const word of words) sum = (Math.imul(sum, 31) + word) | 0;
    }
    return sum;
  }

  function hand(event) {
    if (event.type === "pointermove" && event.buttons === 0) return;
    since ??= event.timeStamp;
  }

  // A message is taken up after the frame has been painted.
  channel.port1.onmessage = () => {
    const now = look();
    if (now !== before && since !== null) {
      taken.push(performance.now() - since);
      since = null;
      waiting?.();
    }
    before = now;
    requestAnimationFrame(frame);
  };
  const frame = () => channel.port2.postMessage(null);
  addEventListener("pointermove", hand, { capture: true });
  addEventListener("wheel", hand, { capture: true, passive: true });
  requestAnimationFrame(frame);

  /** Give the ms from the last input to its picture; null if there is none within so many ms. */
  window.inputToPaint = async (patience) => {
    if (taken.length === 0) {
      await Promise.race([
        new Promise((resolve) => (waiting = resolve)),
        new Promise((resolve) => setTimeout(resolve, patience)),
      ]);
    }
    waiting = null;
    since = null;
    return taken.shift() ?? null;
  };
})();
