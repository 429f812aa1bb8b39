"""The set-up page: is the EHR as it should be, what to enter where, and does each leg of the round trip work."""
