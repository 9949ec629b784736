//! Empty so far: see the map in ARCHITECTURE.md.
