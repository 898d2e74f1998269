//! Faults as they happen: processes killed, disks full, two runs at once, readers gone, memory short. Nothing is
//! simulated inside the program; it is run, and what it leaves is looked at.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]
// Nothing of this gets into results: runs are timed to be killed in time, and files are made older.
#![allow(clippy::disallowed_methods)]

mod batches;
mod disks;
mod jobs;
mod kills;
mod memory;
mod partial;
mod readers;
#[path = "../support/mod.rs"]
mod support;
mod writers;
