//! Tocsin's API: the domain and its GraphQL face; the only writer of domain tables.
