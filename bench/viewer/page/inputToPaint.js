// Measures how long it takes from a movement, an arrow key or a notch of the wheel until a changed image has been painted. What is
// painted is looked at once after a frame into which something was drawn, the same way whatever page drew it: points all
// over every large canvas. Between an input and its picture no frame is asked for here: a page that draws frame after
// frame gets its input later than one at rest, and is given to draw later.
(() => {
  const LEAST_SIZE = 250;
  const POINTS = 160;
  const DRAWING = ["drawImage", "putImageData", "fillRect"];
  const paper = new OffscreenCanvas(POINTS, POINTS).getContext("2d", { willReadFrequently: true });
  paper.imageSmoothingEnabled = false;
  const channel = new MessageChannel();
  const askForFrame = window.requestAnimationFrame.bind(window);
  let since = null;
  let before = 0;
  let isInFrame = false;
  let isAsked = false;
  let waiting = null;
  const taken = [];

  function look() {
    let sum = 0;
    for (const canvas of document.querySelectorAll("canvas")) {
      if (!isLarge(canvas)) continue;
      paper.clearRect(0, 0, POINTS, POINTS);
      paper.drawImage(canvas, 0, 0, POINTS, POINTS);
      const words = new Uint32Array(paper.getImageData(0, 0, POINTS, POINTS).data.buffer);
      for (const word of words) sum = (Math.imul(sum, 31) + word) | 0;
    }
    return sum;
  }

  function isLarge({ width, height }) {
    return width >= LEAST_SIZE && height >= LEAST_SIZE;
  }

  function hand(event) {
    const isNone = event.type === "keydown" ? !event.key.startsWith("Arrow") : event.buttons === 0;
    if ((event.type !== "wheel" && isNone) || since !== null) return;
    before = look();
    since = event.timeStamp;
  }

  // A message is taken up after the frame has been painted.
  channel.port1.onmessage = () => {
    isAsked = false;
    if (since === null || look() === before) return;
    taken.push(performance.now() - since);
    since = null;
    waiting?.();
  };
  const afterFrame = () => channel.port2.postMessage(null);

  // What is drawn within a frame is painted with it, anything else with the next one.
  window.requestAnimationFrame = (work) =>
    askForFrame((now) => {
      isInFrame = true;
      try {
        work(now);
      } finally {
        isInFrame = false;
      }
    });
  for (const name of DRAWING) {
    const draw = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...values) {
      draw.apply(this, values);
      if (since === null || isAsked || !this.canvas.isConnected || !isLarge(this.canvas)) return;
      isAsked = true;
      if (isInFrame) afterFrame();
      else askForFrame(afterFrame);
    };
  }
  addEventListener("pointerrawupdate", hand, { capture: true });
  addEventListener("pointermove", hand, { capture: true });
  addEventListener("wheel", hand, { capture: true, passive: true });
  addEventListener("keydown", hand, { capture: true });

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
