/** Texts that no page needs at first; the build takes just those for the file of this module. */
import later from "../messages/en.json";
import { addMessages } from "./messages";

addMessages(later);
