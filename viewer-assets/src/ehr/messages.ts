/** What the pages of the EHR link say; the build takes just that for this module's file. */
import own from "../../messages/en.json";
import { addMessages } from "../messages";

addMessages(own);
