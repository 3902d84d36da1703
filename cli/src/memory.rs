//! The allocator of all processes of the binary.
//!
//! mimalloc, because each thread has heaps of its own: with glibc's, threads either wait for one another on each allocation, or each keep
//! to themselves what was freed after a storm. Without huge pages (`no_thp`), which would make each process 30 MB larger.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
