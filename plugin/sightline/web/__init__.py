"""HTTP vocabulary that every handler shares: routes, requests, negotiation, errors, caching."""
