//! Tocsin's job queue: typed doorbells on apalis, over Redis or an embedded SQLite file.
