import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
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
  const [broken, setBroken] = useState(false);
  return (
    <span class="thumb">
      {(isMissing || broken) && <Icon name="icon:image-off" />}
      {path !== null && !broken && (
        <img src={urlOf(path)} alt="" loading="lazy" decoding="async" onError={() => setBroken(true)} />
      )}
      {children}
    </span>
  );
}
