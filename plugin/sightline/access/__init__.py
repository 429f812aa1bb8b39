"""Who asks, what they may do, links, sessions and the audit log."""
