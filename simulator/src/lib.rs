//! A SailPoint tenant to test and try against.
