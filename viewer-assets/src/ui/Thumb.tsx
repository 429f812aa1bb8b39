import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { urlOf } from "../page";
import { Icon } from "./Icon";

interface ThumbProps {
  /** Path of the picture below Orthanc's root; null where there is none. */
  readonly path: string | null;
  readonly children?: ComponentChildren;
}

/** A small picture that comes when it is scrolled to. Decoration: the name beside it says what it is. */
export function Thumb({ path, children }: ThumbProps) {
  const [broken, setBroken] = useState(false);
  return (
    <span class="thumb">
      {path === null || broken ? (
        <Icon name="icon:image-off" />
      ) : (
        <img src={urlOf(path)} alt="" loading="lazy" decoding="async" onError={() => setBroken(true)} />
      )}
      {children}
    </span>
  );
}
