//! Forward-only migrations: each step in one transaction, the version written by this runner.

use rusqlite::{Connection, TransactionBehavior};

use super::error::{Result, StoreError};

/// Step `n` turns schema `n` into `n + 1`.
const STEPS: [&str; 2] = [include_str!("schema_v1.sql"), include_str!("schema_v2.sql")];

/// Newest schema this app knows.
pub const NEWEST: i64 = STEPS.len() as i64;

/// Schema of a file; 0 when empty.
///
/// # Errors
/// It cannot be read.
pub fn version(conn: &Connection) -> Result<i64> {
    Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Brings a file to the newest schema.
///
/// # Errors
/// The file is newer than this app, or a step fails; then nothing of that step stays.
pub fn run(conn: &mut Connection) -> Result<()> {
    let found = version(conn)?;
    if found > NEWEST {
        return Err(StoreError::NewerFile { found, known: NEWEST });
    }
    for (done, step) in (0_i64..).zip(STEPS).filter(|(done, _)| *done >= found) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(step)?;
        tx.pragma_update(None, "user_version", done.saturating_add(1))?;
        tx.commit()?;
    }
    Ok(())
}
