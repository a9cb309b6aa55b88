//! The thin binary: everything is in the library.

/// Reading and checking a message makes and drops thousands of small values: this allocator takes half the time of the
/// system's for them. It is chosen here and not in the library, so that tests and fuzzers can have their own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    keyway::cli::run()
}
