"""Ways to bring exact 16-bit frames into a browser without WebAssembly: bytes, time to encode, time to decode."""
