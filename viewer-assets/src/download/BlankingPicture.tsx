import { useRef, useState } from "preact/hooks";
import { t } from "../messages";
import { urlOf } from "../page";
import { drawn, type Rectangle } from "./decisions";

interface BlankingPictureProps {
  readonly path: string;
  readonly rectangles: readonly Rectangle[];
  /** Takes a rectangle that was drawn; null where nothing is to be drawn. */
  readonly onDraw: ((rectangle: Rectangle) => void) | null;
}

type Corner = readonly [x: number, y: number];

/** A picture of the series with what will be black; further rectangles are drawn on it. */
export function BlankingPicture({ path, rectangles, onDraw }: BlankingPictureProps) {
  const box = useRef<HTMLDivElement>(null);
  const [from, setFrom] = useState<Corner | null>(null);
  const [to, setTo] = useState<Corner>([0, 0]);
  const corner = (event: PointerEvent): Corner => {
    const { left, top, width, height } = box.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  };
  const drawing = from && drawn(from, to);
  const onUp = (): void => {
    if (drawing) onDraw?.(drawing);
    setFrom(null);
  };
  return (
    <div
      ref={box}
      class={`blanking${onDraw ? " is-drawable" : ""}`}
      onPointerDown={(event) => {
        if (!onDraw) return;
        event.preventDefault();
        box.current?.setPointerCapture(event.pointerId);
        setFrom(corner(event));
        setTo(corner(event));
      }}
      onPointerMove={(event) => from && setTo(corner(event))}
      onPointerUp={onUp}
      onPointerCancel={() => setFrom(null)}
    >
      <img src={urlOf(path)} alt={t("download.picture")} draggable={false} />
      {[...rectangles, ...(drawing ? [drawing] : [])].map((rectangle) => (
        <span
          key={Object.values(rectangle).join()}
          class="blanked"
          style={{
            left: `${rectangle.left / 10}%`,
            top: `${rectangle.top / 10}%`,
            width: `${(rectangle.right - rectangle.left) / 10}%`,
            height: `${(rectangle.bottom - rectangle.top) / 10}%`,
          }}
        />
      ))}
    </div>
  );
}
