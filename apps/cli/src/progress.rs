//! Progress on standard error: a bar on a terminal, a line now and then in a pipe.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// A bar over stages, or nothing where nobody watches.
pub struct Progress {
    bar: Option<ProgressBar>,
    stage: String,
}

impl Progress {
    /// A fresh bar.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(1000);
            if let Ok(style) = ProgressStyle::with_template("{msg:24} {bar:40} {percent:>3}%  {elapsed}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, stage: String::new() }
    }

    /// Shows a stage and its share, from 0 to 1.
    pub fn show(&mut self, stage: &str, share: f64) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(stage.to_owned());
                bar.set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
            }
            None if self.stage != stage => eprintln!("{stage} …"),
            None => {}
        }
        stage.clone_into(&mut self.stage);
    }

    /// Ends the bar.
    pub fn done(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
