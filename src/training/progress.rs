//! How a long run tells that it is alive.

/// Listens to a training run. Called from several threads.
pub trait Progress: Sync {
    /// A stage begins, with so many steps for each of the named tracks (the frames).
    fn begin(&self, stage: &str, tracks: &[String], steps: usize);
    /// One step of a track is done.
    fn step(&self, track: usize);
    /// The stage is over.
    fn end(&self);
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: &str, _tracks: &[String], _steps: usize) {}
    fn step(&self, _track: usize) {}
    fn end(&self) {}
}
