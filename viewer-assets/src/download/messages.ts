/** What this part says, which no page needs for its first picture; the build takes just that for this module's file. */
import own from "../../messages/en.json";
import { addMessages } from "../messages";

addMessages(own);
