/** What is loaded after the first picture: viewports that know of each other, and what they show of it. */
export { LinkOverlay, LinkSigns } from "./LinkOverlay";
export { LinkedViewports } from "./LinkedViewports";
