"""An OpenEMR that is not there: what a real one sends, accepts and refuses, with its quirks."""
