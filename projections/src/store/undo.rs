//! What was done while a transaction is open, so that it can be taken back.

/// Steps of a container since its transaction began. Outside of one nothing is noted.
#[derive(Debug, Clone)]
pub(super) struct Undo<T>(Option<Vec<T>>);

impl<T> Default for Undo<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Undo<T> {
    /// Notes steps from here on; a second `begin` starts over.
    pub(super) fn begin(&mut self) {
        self.0 = Some(Vec::new());
    }
    /// Forgets them: what was done stays.
    pub(super) fn keep(&mut self) {
        self.0 = None;
    }
    /// A step, which is asked for only while a transaction is open.
    #[inline]
    pub(super) fn note(&mut self, step: impl FnOnce() -> T) {
        if let Some(steps) = &mut self.0 {
            steps.push(step());
        }
    }
    /// The steps to take back, the last one first. The transaction is over.
    pub(super) fn take(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.0.take().into_iter().flatten().rev()
    }
}
