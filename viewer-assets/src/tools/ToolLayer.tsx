/** What tools lay over a picture: lens, rectangle, values under the pointer, and the legend of a colour map. */
import { useEffect } from "preact/hooks";
import { isPointingTool } from "../study/gestures";
import type { Reader } from "../study/reader";
import type { Viewport } from "../study/viewport";
import { Legend } from "./Legend";
import { Lens } from "./Lens";
import { listenForPointerKeys } from "./pointerKeys";
import { ProbeReadout } from "./ProbeReadout";

export interface LayerProps {
  readonly reader: Reader;
  readonly viewport: Viewport;
}

export function ToolLayer({ reader, viewport }: LayerProps) {
  const pointer = reader.pointer.value;
  const isActive = reader.active.value === viewport;
  const tool = reader.tool.value;
  // Where the pointer was with another tool says nothing any more, unless a finger rests there.
  const isCurrent = pointer?.viewport === viewport && (pointer.tool === tool || pointer.start !== null);
  const here = isCurrent ? pointer : null;
  const isProbed = tool === "probe" && isActive;
  useEffect(
    () => (isActive && isPointingTool(tool) ? listenForPointerKeys(reader, viewport, tool) : undefined),
    [reader, viewport, isActive, tool],
  );
  return (
    <>
      {viewport.settings.shading.value.colourMap !== "grey" && <Legend viewport={viewport} />}
      {here?.tool === "magnify" && <Lens reader={reader} pointer={here} />}
      {here?.start && here.tool.startsWith("region") && <Rectangle from={here.start} to={here.point} />}
      {(isProbed || here?.tool === "probe") && (
        <ProbeReadout viewport={viewport} pointer={here?.tool === "probe" ? here : null} />
      )}
    </>
  );
}

interface RectangleProps {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
}

function Rectangle({ from, to }: RectangleProps) {
  const style = {
    left: `${Math.min(from.x, to.x)}px`,
    top: `${Math.min(from.y, to.y)}px`,
    width: `${Math.abs(from.x - to.x)}px`,
    height: `${Math.abs(from.y - to.y)}px`,
  };
  return <span class="region" style={style} />;
}
