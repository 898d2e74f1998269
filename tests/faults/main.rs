//! Faults as they happen: processes killed, disks full, two runs at once, readers gone, memory short. Nothing is simulated inside
//! the program; it is run, and what it leaves is looked at.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod disks;
mod jobs;
mod kills;
mod memory;
mod partial;
mod readers;
#[path = "../support/mod.rs"]
mod support;
mod writers;
