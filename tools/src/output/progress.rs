//! Progress bars for what takes longer than a second.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is done sooner needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that shows itself when the work drags on. Fed from any thread; gone when dropped.
pub struct Bar {
    bar: ProgressBar,
    began: Instant,
    wanted: AtomicBool,
}

impl fmt::Debug for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bar").field("position", &self.bar.position()).finish_non_exhaustive()
    }
}

impl Bar {
    pub(super) fn new(what: &'static str, unit: &str, total: Option<u64>, wanted: bool) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let count = match unit {
            "bytes" => "{bytes}/{total_bytes}  {bytes_per_sec}".to_owned(),
            _ => format!("{{human_pos}}/{{human_len}} {unit}  {{per_sec}}"),
        };
        let template = match total {
            Some(_) => format!("{{msg}} [{{bar:32}}] {count}  {{eta}} left"),
            None => format!("{{msg}} {{spinner}} {{human_pos}} {unit}  {{per_sec}}"),
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Self { bar, began: Instant::now(), wanted: AtomicBool::new(wanted) }
    }

    /// So much is done.
    pub fn set(&self, done: u64) {
        self.bar.set_position(done);
        if self.wanted.load(Ordering::Relaxed)
            && self.began.elapsed() > PATIENCE
            && self.wanted.swap(false, Ordering::Relaxed)
        {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// It turned out how much there is.
    pub fn total(&self, total: u64) {
        self.bar.set_length(total);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
