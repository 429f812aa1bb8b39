/** What is loaded after the first picture: how studies are hung, and viewports that know of each other. */

export { hang } from "../hanging/hang";
export { bring, compare, findPriors, hangBeside } from "./compare";
export { newId, OtherWindow } from "./otherWindow";
export { LinkOverlay, LinkSigns } from "./LinkOverlay";
export { LinkedViewports } from "./LinkedViewports";
