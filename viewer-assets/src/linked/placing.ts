/** How an image lies when it is to lie like another one. No DOM here. */
import {
  clamp,
  imagePose,
  screenScale,
  toImage,
  toScreen,
  ZOOM_LIMITS,
  type ImageGeometry,
  type Placement,
  type Size,
} from "../geometry";
import { dot } from "../vectors";
import { isAligned, toPatient, toPixel, type PatientPlane } from "./patientPlane";

/** An image in its viewport, and in the patient where that is known. */
export interface Lying {
  readonly image: ImageGeometry;
  readonly viewport: Size;
  readonly placement: Placement;
  readonly plane: PatientPlane | null;
}

/**
 * The placement of `follower` that shows what `leader` shows: the same mm on as many pixels of the screen where the size of
 * pixels is known, the same point of the patient in the middle where both lie in one frame of reference, the same turn
 * where both are seen from the same side.
 */
export function placedLike(leader: Lying, follower: Lying): Placement {
  const [own, its] = [leader.plane, follower.plane];
  const turn = !own || !its || isAligned(own, its) ? leader.placement.turn : follower.placement.turn;
  const { zoom: enlarged, pan } = leader.placement;
  const turned = { zoom: enlarged, pan, turn };
  const wanted = screenScale(leader.image, imagePose(leader.image, leader.viewport, leader.placement));
  const fitted = screenScale(
    follower.image,
    imagePose(follower.image, follower.viewport, { ...turned, zoom: 1 }),
  );
  if (!wanted || !fitted) return turned;
  const zoom = clamp(wanted / fitted, ZOOM_LIMITS[0], ZOOM_LIMITS[1]);
  return { zoom, turn, pan: panLike(leader, follower, { ...turned, zoom }) };
}

/** The shift that brings the same point into the middle, or moves the image by as many pixels of the screen. */
function panLike(leader: Lying, follower: Lying, placement: Placement): Placement["pan"] {
  const { pan } = leader.placement;
  const { width, height } = follower.viewport;
  if (width === 0 || height === 0) return pan;
  if (!leader.plane || !follower.plane || !isSeenAlike(leader.plane, follower.plane)) {
    return { x: (pan.x * leader.viewport.width) / width, y: (pan.y * leader.viewport.height) / height };
  }
  const middle = { x: leader.viewport.width / 2, y: leader.viewport.height / 2 };
  const point = toImage(middle, leader.image, imagePose(leader.image, leader.viewport, leader.placement));
  const patient = toPatient(leader.plane, point.y - 0.5, point.x - 0.5);
  const { row, column } = toPixel(follower.plane, patient);
  const centred = imagePose(follower.image, follower.viewport, { ...placement, pan: { x: 0, y: 0 } });
  const { x, y } = toScreen({ x: column + 0.5, y: row + 0.5 }, follower.image, centred);
  return { x: 0.5 - x / width, y: 0.5 - y / height };
}

/** Whether two pictures lie in one frame of reference and have the same side up. */
function isSeenAlike(a: PatientPlane, b: PatientPlane): boolean {
  return (
    a.frameOfReference === b.frameOfReference &&
    dot(a.columnDirection, b.columnDirection) > 0.9 &&
    dot(a.rowDirection, b.rowDirection) > 0.9
  );
}
