//! The one place that writes to standard output; a closed pipe ends the program quietly.

/// Prints one line.
#[macro_export]
macro_rules! say {
    ($($arg:tt)*) => { $crate::say::line(&format!($($arg)*)) };
}

/// Writes one line to standard output.
pub fn line(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        // Nobody reads any more (`| head`): nothing is lost by stopping.
        std::process::exit(0);
    }
}
