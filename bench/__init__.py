"""Side-by-side benchmarks against the peers: ratios within one run, since machines are noisy."""
