//! Sources taken apart.
