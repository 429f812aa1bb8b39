import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { clamp, magnified, type Point, type Size } from "../geometry";
import { t } from "../messages";
import { drawPicture } from "../study/draw";
import type { Pointer, Reader } from "../study/reader";

const SIDE = 220;
const GAP = 24;

interface LensProps {
  readonly reader: Reader;
  readonly pointer: Pointer;
  readonly children?: ComponentChildren;
}

/** The picture around the pointer, enlarged: over it with a mouse, above the finger that points. */
export function Lens({ reader, pointer, children }: LensProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { viewport, point, isTouch } = pointer;
  const shown = viewport.shown.value;
  const factor = reader.magnification.value;
  const { size } = viewport;
  const side = Math.min(SIDE, size.value.width * 0.6, size.value.height * 0.6);
  const { smooth } = viewport.settings.shading.value;
  useLayoutEffect(() => {
    const pose = viewport.pose();
    if (canvas.current && pose && shown)
      drawPicture(
        canvas.current,
        { width: side, height: side },
        shown.bitmap,
        magnified(pose, point, factor, side),
        smooth ? "high" : null,
      );
  });
  const { x, y } = lensPlace(point, size.value, side, isTouch);
  return (
    <div class="lens" style={{ left: `${x}px`, top: `${y}px`, width: `${side}px`, height: `${side}px` }}>
      <canvas ref={canvas} role="img" aria-label={t("lens.label", { factor })} />
      <span class="lens-factor">{t("lens.factor", { factor })}</span>
      {children}
    </div>
  );
}

/** Where the lens lies: its middle at the pointer, or above the finger; always inside the viewport. */
export function lensPlace(point: Point, viewport: Size, side: number, isTouch: boolean): Point {
  const above = point.y - side - GAP;
  const top = !isTouch ? point.y - side / 2 : above >= 0 ? above : point.y + GAP * 2;
  return {
    x: clamp(point.x - side / 2, 0, Math.max(0, viewport.width - side)),
    y: clamp(top, 0, Math.max(0, viewport.height - side)),
  };
}
