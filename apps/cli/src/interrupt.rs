//! Ctrl-C while something is looked for: the search ends with the best so far, which is written. Pressed again, it ends the program.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);
static LISTENING: Once = Once::new();

/// From now on Ctrl-C asks for an end, see [`asked`].
pub fn listen() {
    LISTENING.call_once(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        std::thread::spawn(move || {
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    if ASKED.swap(true, Ordering::Relaxed) {
                        std::process::exit(130);
                    }
                    eprintln!("stopping with the best so far; Ctrl-C once more ends without writing it");
                }
            });
        });
    });
}

/// Was an end asked for?
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
