//! End-to-end tests over real processes and real servers.
