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
    if writeln!(out, "{}", plain(text)).and_then(|()| out.flush()).is_err() {
        // Nobody reads any more (`| head`): nothing is lost by stopping.
        std::process::exit(0);
    }
}

/// Names inside a stranger's file must not move the cursor, paint over a verdict or turn the reading around.
pub fn plain(text: &str) -> String {
    let harmless = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') => '\u{FFFD}',
        c => c,
    };
    text.chars().map(harmless).collect()
}
