// Runs in each page before its own script: tells when the first medical image can be seen, whatever draws it.
// That is: a canvas or an img of at least so many CSS pixels, visible, with many greys in its middle.
(() => {
  if (location.protocol === "about:") return;
  const LEAST_SIZE = 250;
  const SAMPLES = 32;
  const LEAST_GREYS = 12;
  const EVERY_MS = 15;
  const paper = new OffscreenCanvas(SAMPLES, SAMPLES).getContext("2d", { willReadFrequently: true });
  let last = 0;

  function showsImage(element) {
    const { width, height } = element.getBoundingClientRect();
    if (width < LEAST_SIZE || height < LEAST_SIZE) return false;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    if (element instanceof HTMLImageElement ? !element.complete || !element.naturalWidth : !element.width) return false;
    paper.clearRect(0, 0, SAMPLES, SAMPLES);
    paper.drawImage(element, 0, 0, SAMPLES, SAMPLES);
    const { data } = paper.getImageData(0, 0, SAMPLES, SAMPLES);
    const greys = new Set();
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] > 0 && data[at] === data[at + 1] && data[at] === data[at + 2]) greys.add(data[at]);
    }
    return greys.size >= LEAST_GREYS;
  }

  function look(now) {
    if (now - last >= EVERY_MS) {
      last = now;
      const found = [...document.querySelectorAll("canvas, img")].find(showsImage);
      if (found) {
        // After this frame has been painted.
        setTimeout(() => report("image", (performance.timeOrigin + performance.now()) / 1000));
        return;
      }
    }
    requestAnimationFrame(look);
  }

  report("start", performance.timeOrigin / 1000);
  requestAnimationFrame(look);
})();
