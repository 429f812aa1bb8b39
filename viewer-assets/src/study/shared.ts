/**
 * What modules that come later use of the page. Each of them imports this first: it all lies in one file then, beside the
 * page's own, rather than in a file for every set of modules that happen to share something.
 */
import "preact/jsx-runtime";
import "../format";
import "../geometry";
import "../ui/Icon";
import "./Annotations";
import "./Stage";
import "./viewport";
