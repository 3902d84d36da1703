//! How the allocator keeps what was freed.

/// Has glibc's allocator keep fewer separate heaps than its eight for each core: each keeps what was freed to itself, which after
/// a storm of 30,000 triggers is a third of the process. Must be called before there are threads.
///
/// Source: mallopt(3), `M_ARENA_MAX`.
#[cfg(target_env = "gnu")]
pub(crate) fn share_heaps() {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let heaps = i32::try_from(cores / 2).unwrap_or(i32::MAX).max(1);
    #[expect(
        unsafe_code,
        reason = "libc has no safe mallopt; there is one thread, and it takes any number"
    )]
    // SAFETY: mallopt(3) is safe for any arguments as long as no other thread calls it at the same time, and there is none yet.
    let _taken = unsafe { libc::mallopt(libc::M_ARENA_MAX, heaps) };
}

/// Other allocators have other habits.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn share_heaps() {}
