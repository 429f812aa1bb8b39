import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { revivals } from "../connection";
import { urlOf } from "../page";
import { Icon } from "./Icon";

interface ThumbProps {
  /** Path of the picture below Orthanc's root; null where there is none, or none yet. */
  readonly path: string | null;
  /** Whether there will never be one. */
  readonly isMissing?: boolean;
  readonly children?: ComponentChildren;
}

/** A small picture that comes when it is scrolled to. Decoration: the name beside it says what it is. */
export function Thumb({ path, isMissing = false, children }: ThumbProps) {
  // What did not come while there was no connection is asked for again when it is back.
  const [brokenAt, setBrokenAt] = useState(-1);
  const isBroken = brokenAt === revivals.value;
  return (
    <span class="thumb">
      {(isMissing || isBroken) && <Icon name="icon:image-off" />}
      {path !== null && !isBroken && (
        <img
          src={urlOf(path)}
          alt=""
          loading="lazy"
          decoding="async"
          onError={() => setBrokenAt(revivals.peek())}
        />
      )}
      {children}
    </span>
  );
}
