//! What is wrong with the rows of a file, told on standard error as it is found.

/// Faults that are told one by one; the rest is counted.
const TOLD: u64 = 20;

/// Counts faults and tells the first of them.
#[derive(Default)]
pub struct Faults(u64);

impl Faults {
    /// One more; it is put into words only where it is told.
    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        self.0 += 1;
        if self.0 <= TOLD {
            eprintln!("{}", what());
        } else if self.0 == TOLD + 1 {
            eprintln!("… and more; the summary counts them");
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0
    }
}
